import type { JsonValue } from '../../../codec/json-value.js';
import type { Block } from './block.js';

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: readonly Block[];
}

/**
 * Turns as Claude takes them: roles alternate, none is empty, and results of tools stand before what else the user says
 * (translators.md G19, 18.1.4).
 */
export function joinTurns(turns: readonly Turn[]): readonly Turn[] {
  const joined: { readonly role: Turn['role']; readonly content: Block[] }[] = [];
  for (const { role, content } of turns) {
    if (content.length === 0) continue;
    if (joined.at(-1)?.role !== role) joined.push({ role, content: [] });
    const last = joined.at(-1)!;
    // One by one: a call takes no more than some 100,000 arguments.
    for (const block of content) last.content.push(block);
  }
  return joined.map(({ role, content }) => ({ role, content: role === 'user' ? resultsFirst(content) : content }));
}

function resultsFirst(content: readonly Block[]): readonly Block[] {
  const isResult = (block: Block) => block['type'] === 'tool_result';
  return [...content.filter(isResult), ...content.filter((block) => !isResult(block))];
}

/** True when thinking may be asked for: the answer is not begun, and calls that wait for it follow their thinking (18.1.3). */
export function canThinkAfter(turns: readonly Turn[]): boolean {
  if (turns.at(-1)?.role === 'assistant') return false;
  const answer = turns.findLast(({ role }) => role === 'assistant')?.content ?? [];
  return !hasType(answer, 'tool_use') || hasType(answer.slice(0, 1), 'thinking', 'redacted_thinking');
}

/** Names of the tools that were called, each once. */
export function calledTools(turns: readonly Turn[]): readonly string[] {
  const calls = turns.flatMap(({ content }) => content.filter((block) => block['type'] === 'tool_use'));
  return [...new Set(calls.map((call) => call['name'] as string))];
}

/** True when tools are spoken of, which Claude takes only beside their definitions (18.1.4). */
export const hasToolBlocks = (turns: readonly Turn[]): boolean =>
  turns.some(({ content }) => hasType(content, 'tool_use', 'tool_result'));

const hasType = (content: readonly Block[], ...types: readonly JsonValue[]) =>
  content.some((block) => types.includes(block['type'] ?? null));
