import { readOpenAIResponse } from '../../../codec/usage.js';
import { KeptBody } from '../kept-body.js';
import type { ResponseFacts, ResponseObserver } from '../../translator.js';

/** Reads usage and model of one JSON answer. */
export class WholeResponseObserver implements ResponseObserver {
  readonly isUsageFinal = false;
  readonly hasError = false;
  readonly #body = new KeptBody();
  #facts: ResponseFacts = {};

  push(chunk: Uint8Array): void {
    this.#body.push(chunk);
  }

  end(): void {
    this.#facts = readOpenAIResponse(this.#body.take());
  }

  get facts(): ResponseFacts {
    return this.#facts;
  }
}
