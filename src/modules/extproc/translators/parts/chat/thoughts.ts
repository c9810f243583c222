import type { ThinkingBlock } from './chat-request.js';

/** Characters kept of the thinking of all choices. */
const THOUGHTS_MAX = 1 << 20;

/**
 * The thinking text since the last block of each choice. Providers sign it in an event of its own; a client that sends blocks
 * back (translators.md G4) must have text and signature in one, since SDKs keep the last delta of members they do not know.
 */
export class Thoughts {
  readonly #texts = new Map<number, string>();
  #length = 0;

  add(choice: number, text: string): void {
    this.#length += text.length;
    if (this.#length <= THOUGHTS_MAX) this.#texts.set(choice, (this.#texts.get(choice) ?? '') + text);
    else this.#texts.clear();
  }

  /** The block with the text that it signs, if it came without; text that was too long to be kept is left out. */
  completed(choice: number, block: ThinkingBlock): ThinkingBlock {
    const text = this.#texts.get(choice);
    this.#texts.delete(choice);
    if (text === undefined || block.type !== 'thinking' || block.thinking || !block.signature) return block;
    return { type: 'thinking', thinking: text, signature: block.signature };
  }
}
