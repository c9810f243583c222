import { inspect } from 'node:util';

const REDACTED = '[REDACTED]';

/**
 * A value that must never leave the process in text form. Prints, logs and serialises as `[REDACTED]`;
 * `reveal()` is called at the single point of use.
 */
export class Redacted<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
