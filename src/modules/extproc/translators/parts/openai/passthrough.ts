import { posix } from 'node:path';
import { isNullDocument } from '../../../codec/json-scan.js';
import { isJsonType } from '../../../codec/media-type.js';
import { replaceMember } from '../../../codec/json-splice.js';
import { SseUsageScanner } from '../../../codec/sse-usage.js';
import { isJsonObjectText } from '../../../codec/usage.js';
import type {
  ClientResponse,
  Exchange,
  ObservingExchange,
  ResponseHead,
  ResponseObserver,
  TranslatorInput,
} from '../../translator.js';
import { WholeResponseObserver } from './whole-response.js';

/** Path below the schema's prefix; leading slash of the prefix optional. @see spec translators.md section 0, "Path join rule" */
export const prefixedPath = (prefix: string | undefined, suffix: string) => posix.join('/', prefix ?? '', suffix);

/**
 * The client's bytes with every `model` replaced: of a doubled key some providers read the first one, some the last. A body
 * that names none gets one. Undefined when there is no override, so that the bytes that Envoy holds go on.
 */
export function overriddenBody({ request, requestModel, hasModelOverride }: TranslatorInput): Uint8Array | undefined {
  if (!hasModelOverride) return undefined;
  const jsonText = JSON.stringify(requestModel);
  if (isNullDocument(request.body)) return Buffer.from(`{"model":${jsonText}}`);
  return replaceMember(request.body, { name: 'model', ranges: request.modelRanges, jsonText });
}

export interface PassthroughCell {
  readonly path: string;
  readonly body: Uint8Array | undefined;
  readonly fallbackModel: string | undefined;
  /** A whole answer without usage counts as zero tokens: so it is for chat alone. @see spec observability.md 3.2 */
  readonly isUsageExpected: boolean;
  readonly error: Exchange['error'];
}

/** An exchange that sends the client's bytes, watches the answer and leaves it alone. */
export function openAIPassthrough(cell: PassthroughCell): ObservingExchange {
  return {
    kind: 'observing',
    request: { path: cell.path, sets: [], dropped: [], ...(cell.body ? { body: cell.body } : {}) },
    fallbackModel: cell.fallbackModel,
    observe: (isStream) => (isStream ? new StreamObserver() : new WholeResponseObserver(cell.isUsageExpected)),
    error: cell.error,
  };
}

/** Reads usage and model of a stream of chat or completion chunks. */
class StreamObserver implements ResponseObserver {
  readonly #scanner = new SseUsageScanner();

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  end(): void {
    this.#scanner.end();
  }

  get facts() {
    const { usage, model } = this.#scanner;
    return { ...(usage ? { usage } : {}), ...(model ? { model } : {}) };
  }

  get hasError(): boolean {
    return this.#scanner.errorEvent;
  }

  get isUsageFinal(): boolean {
    return this.#scanner.isUsageFinal;
  }
}

/** Error bodies that are JSON, in their label and in fact, go through; others become an OpenAI error. @see spec translators.md 5.1 */
export function openAIError({ status, headers }: ResponseHead, body: Uint8Array): ClientResponse {
  if (isJsonType(headers.get('content-type')) && isJsonObjectText(body)) return {};
  const text = Buffer.from(body).toString('utf8');
  return {
    body: Buffer.from(
      JSON.stringify({ type: 'error', error: { type: 'OpenAIBackendError', code: String(status), message: text } }),
    ),
    sets: [{ name: 'content-type', value: 'application/json' }],
  };
}
