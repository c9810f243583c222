import { GrowingBuffer } from '../../codec/growing-buffer.js';
import { isJsonObject, parseJsonLeniently } from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import { FOLDED_CHARACTERS_MAX, type AnswerFold, type FoldedAnswer } from './answer-fold.js';

/** How the bytes of a whole answer read: as JSON only, as JSON or else as the text that they are, not at all. */
export type WholeKind = 'json' | 'json-or-text' | 'binary';

/** A whole answer that passes in pieces. One that is larger than the bound leaves nothing but its size. */
export class WholeFold implements AnswerFold {
  readonly #kept = new GrowingBuffer();
  #sizeBytes = 0;

  constructor(
    private readonly kind: WholeKind,
    private readonly bytesMax = FOLDED_CHARACTERS_MAX,
  ) {}

  push(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length;
    if (this.kind === 'binary') return;
    if (this.#sizeBytes <= this.bytesMax) this.#kept.append(bytes);
    else this.#kept.take();
  }

  end(isCut: boolean): FoldedAnswer {
    const isTruncated = this.kind !== 'binary' && this.#sizeBytes > this.bytesMax;
    return {
      answer: isTruncated || isCut ? undefined : this.#answer(),
      isTruncated,
      isComplete: false,
      error: undefined,
    };
  }

  #answer(): TracedAnswer | undefined {
    if (this.kind === 'binary') return { kind: 'binary', sizeBytes: this.#sizeBytes };
    if (this.#kept.length === 0) return undefined;
    const bytes = this.#kept.view();
    const document = parseJsonLeniently(bytes);
    const text = bytes.toString('utf8');
    if (isJsonObject(document)) return { kind: 'json', document, text };
    return this.kind === 'json-or-text' ? { kind: 'text', text } : undefined;
  }
}
