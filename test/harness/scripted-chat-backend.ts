import type { ChatBackend, ChatExchange } from '../../src/modules/extproc/translators/parts/chat/chat-backend.js';
import type { ChatRequest } from '../../src/modules/extproc/translators/parts/chat/chat-request.js';
import type {
  ChatEvent,
  ChatResult,
  ProviderError,
} from '../../src/modules/extproc/translators/parts/chat/chat-result.js';
import type { ResponseFacts } from '../../src/modules/extproc/translators/translator.js';

export interface ScriptedBackend extends ChatBackend {
  /** What the last `start` was asked for. */
  readonly asked: ChatRequest | undefined;
}

/**
 * A provider that says what the test wants: a streamed answer is a chat event of JSON in each line, a whole one a chat
 * result of JSON, an error a provider error of JSON.
 * @param dropped What it does not take of any request
 */
export function scriptedBackend(dropped: readonly string[] = []): ScriptedBackend {
  let asked: ChatRequest | undefined;
  return {
    get asked() {
      return asked;
    },
    start(chat, input): ChatExchange {
      asked = chat;
      return {
        request: { path: '/scripted', sets: [], dropped },
        fallbackModel: input.requestModel,
        whole: (_, body) => JSON.parse(Buffer.from(body).toString()) as ChatResult,
        stream: (_, emit) => new LineReader(emit),
        error: (_, body) => JSON.parse(Buffer.from(body).toString()) as ProviderError,
      };
    },
  };
}

export const scriptedStream = (events: readonly ChatEvent[]): Buffer =>
  Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));

class LineReader {
  readonly #emit: (event: ChatEvent) => void;
  #bytes = Buffer.alloc(0);
  #facts: ResponseFacts = {};
  #hasError = false;

  constructor(emit: (event: ChatEvent) => void) {
    this.#emit = emit;
  }

  get facts(): ResponseFacts {
    return this.#facts;
  }

  get hasError(): boolean {
    return this.#hasError;
  }

  get isUsageFinal(): boolean {
    return this.#facts.usage !== undefined;
  }

  push(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let end = this.#bytes.indexOf('\n'); end !== -1; end = this.#bytes.indexOf('\n')) {
      const event = JSON.parse(this.#bytes.toString('utf8', 0, end)) as ChatEvent;
      this.#bytes = this.#bytes.subarray(end + 1);
      if (event.kind === 'usage') this.#facts = { usage: event.usage };
      if (event.kind === 'error') this.#hasError = true;
      this.#emit(event);
    }
  }

  end(): void {
    this.#emit({ kind: 'done' });
  }
}
