import type { CacheControl } from '../chat/chat-request.js';
import { cachePoint, isBlank, type ConverseBlock, type ConverseMessage, type SystemBlock } from './converse.js';

/** A block, and the marker that stands on it. */
export interface Piece {
  readonly block: ConverseBlock;
  readonly cacheControl?: CacheControl | undefined;
}

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly pieces: readonly Piece[];
}

/** What the converters of both dialects make of a client's messages. */
export interface Conversation {
  readonly system: readonly SystemBlock[];
  readonly turns: readonly Turn[];
}

/** None for blank text, which Converse refuses. */
export const textPieces = (text: string, cacheControl?: CacheControl): readonly Piece[] =>
  isBlank(text) ? [] : [{ block: { text }, cacheControl }];

/** System texts with their cache points; blank ones are left out. */
export function systemBlocks(
  texts: readonly { readonly text: string; readonly cacheControl?: CacheControl }[],
): readonly SystemBlock[] {
  return texts.flatMap(({ text, cacheControl }): SystemBlock[] => {
    if (isBlank(text)) return [];
    return cacheControl === undefined ? [{ text }] : [{ text }, cachePoint(cacheControl)];
  });
}

/** Stands beside a document when the client sent no text, which Converse demands. @see spec translators.md 18.4.1 */
const DOCUMENT_TEXT: Piece = { block: { text: 'See the attached document.' } };

/**
 * Messages as Converse takes them: roles alternate, none is empty, tool results stand before what else the user says, and a
 * document never stands without text (translators.md G19, 18.4.1).
 */
export function joinTurns(turns: readonly Turn[]): readonly ConverseMessage[] {
  const joined: { readonly role: Turn['role']; readonly pieces: Piece[] }[] = [];
  for (const { role, pieces } of turns) {
    if (pieces.length === 0) continue;
    const last = joined.at(-1);
    if (last?.role !== role) joined.push({ role, pieces: [...pieces] });
    // One by one: a message may have more parts than a call takes arguments.
    else for (const piece of pieces) last.pieces.push(piece);
  }
  return joined.map(({ role, pieces }) => ({ role, content: contentOf(role === 'user' ? ordered(pieces) : pieces) }));
}

function ordered(pieces: readonly Piece[]): readonly Piece[] {
  const results = pieces.filter(({ block }) => 'toolResult' in block);
  const others = pieces.filter(({ block }) => !('toolResult' in block));
  const isTextMissing = others.some(({ block }) => 'document' in block) && !others.some(({ block }) => 'text' in block);
  return isTextMissing ? [...results, DOCUMENT_TEXT, ...others] : [...results, ...others];
}

const contentOf = (pieces: readonly Piece[]) =>
  pieces.flatMap(({ block, cacheControl }) =>
    cacheControl === undefined ? [block] : [block, cachePoint(cacheControl)],
  );

/** True when thinking may be asked for: the answer is not begun, and calls that wait for it follow their thinking (18.1.3). */
export function canThinkAfter(messages: readonly ConverseMessage[]): boolean {
  if (messages.at(-1)?.role === 'assistant') return false;
  const answer = messages.findLast(({ role }) => role === 'assistant')?.content ?? [];
  return !answer.some((block) => 'toolUse' in block) || 'reasoningContent' in answer[0]!;
}
