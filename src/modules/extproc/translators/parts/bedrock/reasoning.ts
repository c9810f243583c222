import type { AssistantPart, ThinkingBlock } from '../chat/chat-request.js';
import { isBlank, type ConverseBlock } from './converse.js';
import { checkedBase64 } from './media.js';
import type { ModelFamily } from './model-family.js';

/** The tag of a signature that another provider made, e.g. `gemini:`; base64 holds no colon. @see spec translators.md 18.2.5 */
const FOREIGN_TAG = /^[a-z][\w-]*:/i;

/** What the provider knows its own thinking by. */
export const proofOf = (block: ThinkingBlock): string | undefined =>
  block.type === 'thinking' ? block.signature : block.data;

/** As {@link proofOf}; undefined for other parts too. */
export function proofOfPart(part: AssistantPart): string | undefined {
  if (part.type === 'thinking') return part.signature;
  return part.type === 'redacted_thinking' ? part.data : undefined;
}

/**
 * Thinking as the model gets it back; the signature holds it, so that its text may be missing, as in streams. Redacted
 * thinking is base64 already (translators.md G5). Undefined when there is nothing that the model would take: neither text nor
 * signature, another provider's, or no signature where Claude wants one.
 * @throws {UserFacingError} 422 for redacted thinking that is no base64
 */
export function reasoningBlock(thinking: ThinkingBlock, path: string, family: ModelFamily): ConverseBlock | undefined {
  const proof = proofOf(thinking);
  if (FOREIGN_TAG.test(proof ?? '')) return undefined;
  if (thinking.type === 'redacted_thinking') {
    checkedBase64(thinking.data, path);
    return { reasoningContent: { redactedContent: thinking.data } };
  }
  const { thinking: text = '', signature } = thinking;
  if (!signature && (family === 'claude' || isBlank(text))) return undefined;
  return { reasoningContent: { reasoningText: { text, ...(signature ? { signature } : {}) } } };
}
