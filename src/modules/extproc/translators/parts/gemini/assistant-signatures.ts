import { UserFacingError } from '../../../../../shared/errors.js';
import type { Receipt } from '../../receipt.js';
import type { AssistantMessage, AssistantPart } from '../chat/chat-request.js';
import { NO_SIGNATURE, readSignature, type ReplayedSignature } from './signature.js';

/**
 * Where the thought signatures of an assistant message of a chat belong. They stand on its thinking parts, else in its
 * `thinking_blocks`. The first call always has one: its own, else the first that tells no place, else the text that tells
 * Gemini to do without.
 * @throws {UserFacingError} 422 for a signature that is no base64
 * @see spec translators.md 5.8, "Thought signature on replay", and G48
 */
export class AssistantSignatures {
  readonly #ofCalls = new Map<number, string>();
  readonly #ofParts = new Map<AssistantPart, string>();
  readonly #ofTexts: string[] = [];

  constructor(message: AssistantMessage, receipt: Receipt) {
    const onParts = partSignatures(message, receipt);
    const found = onParts.length > 0 ? onParts : blockSignatures(message, receipt);
    const callCount = message.toolCalls.length;
    const isOfCall = ({ signature: { place } }: Found) => typeof place === 'number' && place < callCount;
    // Those that name their call first: what is left is for the first call, if that has none.
    for (const { signature, part } of found.filter(isOfCall)) this.#place(signature, part, callCount);
    for (const { signature, part } of found.filter((one) => !isOfCall(one))) this.#place(signature, part, callCount);
    if (callCount > 0 && !this.#ofCalls.has(0)) this.#ofCalls.set(0, NO_SIGNATURE);
  }

  ofCall(index: number): string | undefined {
    return this.#ofCalls.get(index);
  }

  /** Of a thinking part whose signature stays with it. */
  ofPart(part: AssistantPart): string | undefined {
    return this.#ofParts.get(part);
  }

  get ofTexts(): readonly string[] {
    return this.#ofTexts;
  }

  #place({ data, place }: ReplayedSignature, part: AssistantPart | undefined, callCount: number): void {
    if (typeof place === 'number' && place < callCount) this.#ofCalls.set(place, data);
    else if (place === undefined && callCount > 0 && !this.#ofCalls.has(0)) this.#ofCalls.set(0, data);
    else if (part !== undefined) this.#ofParts.set(part, data);
    else this.#ofTexts.push(data);
  }
}

interface Found {
  readonly signature: ReplayedSignature;
  readonly part: AssistantPart | undefined;
}

function partSignatures(message: AssistantMessage, receipt: Receipt): readonly Found[] {
  return message.parts.flatMap((part) =>
    part.type === 'thinking' && part.signature ? foundAt(part.signature, `${part.path}.signature`, part, receipt) : [],
  );
}

function blockSignatures(message: AssistantMessage, receipt: Receipt): readonly Found[] {
  return message.thinkingBlocks.flatMap((block, index) => {
    const path = `${message.path}.thinking_blocks[${index}]`;
    if (block.type === 'thinking') {
      return block.signature ? foundAt(block.signature, `${path}.signature`, undefined, receipt) : [];
    }
    receipt.drop(path);
    return [];
  });
}

/** None for a signature with the tag of another provider: a fallback between providers must not fail. */
function foundAt(text: string, path: string, part: AssistantPart | undefined, receipt: Receipt): readonly Found[] {
  const signature = readSignature(text);
  if (signature) return [{ signature, part }];
  if (text.includes(':')) {
    receipt.drop(path);
    return [];
  }
  throw new UserFacingError(
    `"${path}" must be the base64 text of a thought signature as Gemini gave it, found other text`,
  );
}
