import type { TranslatorEnv } from '../../translator.js';
import type { ChatEvent } from '../chat/chat-result.js';
import type { ChatEventEncoder } from '../chat/chat-stream.js';
import { ResponseBuilder, type ResponseTerms } from './response-builder.js';

/** A comment of the event stream: clients pass over it, proxies see that the connection lives. */
const KEEP_ALIVE = ': keep-alive\n\n';

/** Writes chat events as the event stream of a Responses answer. @see spec translators.md 18.3.6 */
export class ResponsesStreamEncoder implements ChatEventEncoder {
  readonly #builder: ResponseBuilder;
  #out = '';
  #sequenceNumber = 0;

  constructor(terms: ResponseTerms, env: TranslatorEnv) {
    this.#builder = new ResponseBuilder(terms, env, ({ type, ...members }) => {
      const data = JSON.stringify({ type, ...members, sequence_number: this.#sequenceNumber++ });
      this.#out += `event: ${type}\ndata: ${data}\n\n`;
    });
  }

  /** Nothing is written behind the final event. */
  on(event: ChatEvent): string {
    if (event.kind === 'keep-alive') return this.#builder.response === undefined ? KEEP_ALIVE : '';
    this.#builder.on(event);
    const out = this.#out;
    this.#out = '';
    return out;
  }
}
