import type { ClientResponse, ResponseObserver } from '../../translator.js';
import { WholeObserver, readInputTokens } from '../responses/observe.js';

/** A whole answer that goes to the client as it is, with what an observer learns of it. */
export function observedAnswer(observer: ResponseObserver, body: Uint8Array): ClientResponse {
  observer.push(body);
  observer.end();
  return { body, ...observer.facts };
}

/** Reads the `{"input_tokens":n}` of a count. */
export const countObserver = (): ResponseObserver => new WholeObserver(readInputTokens);
