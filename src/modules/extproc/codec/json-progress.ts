const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Tells when JSON text that comes in pieces holds a whole object, looking at each character once. It only counts brackets:
 * text that is no JSON is not noticed.
 */
export class JsonProgress {
  #depth = 0;
  #hasBegun = false;
  #isInString = false;
  #isEscaped = false;

  /** No more of the object can come; false for text that is blank so far. */
  get isWhole(): boolean {
    return this.#hasBegun && this.#depth === 0;
  }

  push(text: string): void {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (this.#isInString) this.#stepInString(code);
      else this.#step(code);
    }
  }

  #stepInString(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === BACKSLASH) this.#isEscaped = true;
    else if (code === QUOTE) this.#isInString = false;
  }

  #step(code: number): void {
    if (code === QUOTE) {
      this.#isInString = true;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      this.#depth++;
      this.#hasBegun = true;
    } else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && this.#depth > 0) {
      this.#depth--;
    }
  }
}
