/** What is taken off the two ends of a whole answer's text: one quotation mark each, or white space. */
export type TextTrimming = 'none' | 'quotes' | 'white-space';

/** White space behind a text that is held back until more comes; a run that is longer goes out. */
const HELD_CHARACTERS_MAX = 64 << 10;

/**
 * Trims a text that arrives in pieces at the ends of the whole only: what may be its end is held back until more text comes
 * (translators.md G15). Whatever the pieces, the result is the same, up to {@link HELD_CHARACTERS_MAX}.
 */
export class TextTrimmer {
  #held = '';
  #isBegun = false;

  constructor(private readonly trimming: TextTrimming) {}

  /** What can be said now; maybe ''. What is left after the last piece is the trimmed end. */
  push(piece: string): string {
    if (this.trimming === 'none' || piece === '') return piece;
    return this.trimming === 'quotes' ? this.#withoutQuotes(piece) : this.#withoutWhiteSpace(piece);
  }

  #withoutQuotes(piece: string): string {
    const begun = this.#isBegun || !piece.startsWith('"') ? piece : piece.slice(1);
    this.#isBegun = true;
    return begun === '' ? '' : this.#holdBack(this.#held + begun, begun.endsWith('"') ? 1 : 0);
  }

  #withoutWhiteSpace(piece: string): string {
    const begun = this.#isBegun ? piece : piece.trimStart();
    if (begun === '') return '';
    this.#isBegun = true;
    // Only the piece is looked at: what is held back may be long, and pieces many.
    const end = begun.trimEnd().length;
    const said = end === 0 ? '' : this.#held + begun.slice(0, end);
    this.#held = (end === 0 ? this.#held : '') + begun.slice(end);
    return this.#held.length > HELD_CHARACTERS_MAX ? said + this.#release() : said;
  }

  #holdBack(text: string, count: number): string {
    const end = text.length - count;
    this.#held = text.slice(end);
    return text.slice(0, end);
  }

  #release(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}
