import type { Receipt } from '../../receipt.js';
import type { AssistantMessage, AssistantPart, ThinkingBlock } from '../chat/chat-request.js';
import type { Block } from './block.js';

type ThinkingPart = Extract<AssistantPart, { readonly type: 'thinking' | 'redacted_thinking' }>;

/** The tag of a signature that another provider made; Claude's are bare base64. @see spec translators.md 18.2.5 */
const FOREIGN_TAG = /^[a-z][\w-]*:/i;

/**
 * Thinking that the client gives back beside the content, for Claude to go on from (translators.md G4). What Claude cannot
 * have written, or what lacks its proof, would only be refused: it is left out.
 */
export function replayedThinking(message: AssistantMessage, receipt: Receipt): readonly Block[] {
  const given = new Set(message.parts.flatMap((part) => (isThinking(part) ? (proofOf(part) ?? []) : [])));
  return message.thinkingBlocks.flatMap((block, index): readonly Block[] => {
    const proof = block.type === 'thinking' ? block.signature : block.data;
    // Some clients send the same thinking as content too.
    if (proof && given.has(proof)) return [];
    if (isReplayable(proof)) return [blockOf(block, proof)];
    receipt.drop(`${message.path}.thinking_blocks[${index}]`);
    return [];
  });
}

/** A thinking part of the content: with text and signature, or redacted, its data as it is (translators.md G5). */
export function thinkingPart(part: ThinkingPart, receipt: Receipt): readonly Block[] {
  const proof = proofOf(part);
  if (proof === undefined) {
    receipt.drop(part.path);
    return [];
  }
  return [
    part.type === 'thinking'
      ? { type: 'thinking', thinking: part.text ?? '', signature: proof }
      : { type: 'redacted_thinking', data: proof },
  ];
}

const isThinking = (part: AssistantPart): part is ThinkingPart =>
  part.type === 'thinking' || part.type === 'redacted_thinking';

/** Undefined when the part cannot be replayed. */
function proofOf(part: ThinkingPart): string | undefined {
  if (part.type === 'thinking' && !part.text) return undefined;
  const proof = part.type === 'thinking' ? part.signature : part.data;
  return isReplayable(proof) ? proof : undefined;
}

const isReplayable = (proof: string | undefined): proof is string => Boolean(proof) && !FOREIGN_TAG.test(proof!);

/** The signature holds the thinking itself: its text may be missing, as in streams. */
const blockOf = (block: ThinkingBlock, proof: string): Block =>
  block.type === 'thinking'
    ? { type: 'thinking', thinking: block.thinking ?? '', signature: proof }
    : { type: 'redacted_thinking', data: proof };
