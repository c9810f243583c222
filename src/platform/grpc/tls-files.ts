import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserFacingError } from '../../shared/errors.js';

/** Names of the files of a Kubernetes TLS Secret. */
const CERTIFICATE = 'tls.crt';
const KEY = 'tls.key';
const CA = 'ca.crt';
const POLL_INTERVAL_MS = 10_000;

export interface TlsTexts {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A directory with a mounted TLS Secret; the kubelet changes its files in place. */
export class TlsFiles {
  #current: TlsTexts;
  #stamp: string;
  readonly #timer: NodeJS.Timeout;

  /** @throws UserFacingError when a file is missing */
  constructor(
    private readonly directory: string,
    private readonly onChange: (texts: TlsTexts) => void,
  ) {
    this.#stamp = this.#stampOf();
    this.#current = this.#read();
    this.#timer = setInterval(() => this.#poll(), POLL_INTERVAL_MS);
    this.#timer.unref();
  }

  get current(): TlsTexts {
    return this.#current;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Files that are being exchanged give an error now and are read again at the next tick. */
  #poll(): void {
    try {
      const stamp = this.#stampOf();
      if (stamp === this.#stamp) return;
      this.#current = this.#read();
      this.#stamp = stamp;
      this.onChange(this.#current);
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
    }
  }

  #stampOf(): string {
    return [CERTIFICATE, KEY, CA]
      .map((name) => statSync(join(this.directory, name), { throwIfNoEntry: false })?.mtimeMs ?? 0)
      .join(' ');
  }

  #read(): TlsTexts {
    return { cert: this.#text(CERTIFICATE), key: this.#text(KEY), ca: this.#text(CA) };
  }

  #text(name: string): string {
    const path = join(this.directory, name);
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new UserFacingError(
        `${path}: ${(cause as Error).message}; expected a directory with ${CERTIFICATE}, ${KEY} and ${CA}`,
        { cause },
      );
    }
  }
}
