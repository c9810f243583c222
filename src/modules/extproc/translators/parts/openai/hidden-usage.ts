import { isJsonArray, isJsonObject, parseJsonLeniently } from '../../../codec/json-value.js';
import { FramingError } from '../../../codec/framing-error.js';
import { openAIErrorOf } from '../chat/openai-error.js';
import { SseDecoder } from '../../../codec/sse-decoder.js';
import type {
  Exchange,
  ObservingExchange,
  ResponseObserver,
  StreamTranslator,
  TranslatorEnv,
  TranslatorInput,
} from '../../translator.js';

/**
 * Keeps the chunk with usage from a client whose stream was made to tell it, where the operator wants that; all other
 * events go on as they are. @see spec translators.md G40
 */
export function withUnaskedUsageHidden(
  exchange: ObservingExchange,
  { request }: TranslatorInput,
  env: TranslatorEnv,
): Exchange {
  if (!env.options.hidesUnaskedUsage || !request.isStreaming || !request.isRewritten) return exchange;
  return {
    kind: 'translating',
    request: exchange.request,
    fallbackModel: exchange.fallbackModel,
    error: (head, body) => exchange.error(head, body),
    whole(head, body) {
      const observer = exchange.observe(false, head);
      observer.push(body);
      observer.end();
      return { ...observer.facts, body };
    },
    stream: (head) => new UsageHider(exchange.observe(true, head)),
  };
}

const NOTHING = new Uint8Array();
/** The end of a stream whose framing cannot be read any more. */
const ERROR = { type: 'BadGateway', message: 'the provider sent an event that cannot be read', status: 502 };
const BROKEN = `data: ${JSON.stringify({ error: openAIErrorOf(ERROR) })}\n\ndata: [DONE]\n\n`;

/** Comments of the provider are lost: they carry nothing that a client reads. */
class UsageHider implements StreamTranslator {
  #out = '';
  #isBroken = false;
  readonly #decoder = new SseDecoder(({ type, data }) => {
    if (isUsageAlone(data)) return;
    const lines = data.split('\n').map((line) => `data: ${line}\n`);
    this.#out += `${type === '' ? '' : `event: ${type}\n`}${lines.join('')}\n`;
  });

  constructor(private readonly observer: ResponseObserver) {}

  push(chunk: Uint8Array): Uint8Array {
    this.observer.push(chunk);
    return this.#decode(() => this.#decoder.push(chunk));
  }

  end(): Uint8Array {
    this.observer.end();
    return this.#decode(() => this.#decoder.end());
  }

  get facts() {
    return this.observer.facts;
  }

  get isUsageFinal(): boolean {
    return this.observer.isUsageFinal;
  }

  get hasError(): boolean {
    return this.#isBroken || this.observer.hasError;
  }

  #decode(act: () => void): Uint8Array {
    if (this.#isBroken) return NOTHING;
    try {
      act();
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.#isBroken = true;
      this.#out += BROKEN;
    }
    const out = Buffer.from(this.#out);
    this.#out = '';
    return out;
  }
}

/** `choices` is empty: a chunk that has both goes on, with its usage. */
function isUsageAlone(data: string): boolean {
  if (!data.includes('"usage"')) return false;
  const chunk = parseJsonLeniently(Buffer.from(data));
  if (!isJsonObject(chunk) || !isJsonObject(chunk['usage'])) return false;
  return isJsonArray(chunk['choices']) && chunk['choices'].length === 0;
}
