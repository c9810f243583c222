import { arrayOf, type JsonValue } from '../../../codec/json-value.js';
import type { CacheControl } from '../chat/chat-request.js';
import type { Receipt } from '../../receipt.js';

/** A content block, a system block or a tool while a request is built. */
export type Block = Record<string, JsonValue>;

/** Anthropic takes no more markers in one request. @see spec translators.md 18.1.2 */
const MARKERS_MAX = 4;

/** Remembers where the client wants the prompt to be cached. One for each request. */
export class CacheMarkers {
  readonly #marked = new Map<Block, { readonly control: CacheControl; readonly path: string }>();

  /** @param path Of what the client marked */
  mark(block: Block, control: CacheControl | undefined, path: string): void {
    if (control !== undefined) this.#marked.set(block, { control, path });
  }

  /**
   * Writes the last markers into their blocks: these cover the longest prefixes. The others are in the receipt.
   * @param prompt Blocks in the order in which Claude reads them; what they hold comes before themselves
   */
  write(prompt: readonly Block[], receipt: Receipt): void {
    const marked = prompt.flatMap(withContent).filter((block) => this.#marked.has(block));
    const omitted = Math.max(marked.length - MARKERS_MAX, 0);
    for (const [index, block] of marked.entries()) {
      const { control, path } = this.#marked.get(block)!;
      if (index < omitted) receipt.drop(`${path}.cache_control`);
      else block['cache_control'] = { type: 'ephemeral', ...control };
    }
  }
}

/** The content of a tool result are blocks that were built here. */
const withContent = (block: Block): readonly Block[] => [...(arrayOf(block['content']) as readonly Block[]), block];

/** Claude refuses text without a visible character. */
export const isBlank = (text: string): boolean => text.trim() === '';
