import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { readJson } from '../../../codec/json-scan.js';
import { EVENT_STREAM, isJsonType, mediaTypeOf } from '../../../codec/media-type.js';
import { parseMediaUsage, scanLeniently } from '../../../codec/usage.js';
import { KeptBody } from '../kept-body.js';
import type { ResponseFacts, ResponseHead, ResponseObserver } from '../../translator.js';
import { MediaStreamObserver } from './media-stream-observer.js';

/**
 * Watches an answer of images or audio by what its content-type says, not by what was asked for: some servers ignore
 * `stream`. What is neither JSON nor a stream of events, such as audio and subtitles, is not looked at.
 * @see spec translators.md sections 8 and 10
 */
export function observeMedia(_isStream: boolean, { headers }: ResponseHead): ResponseObserver {
  const contentType = headers.get('content-type');
  if (mediaTypeOf(contentType) === EVENT_STREAM) return new MediaStreamObserver();
  return isJsonType(contentType) ? new MediaWholeObserver() : UNWATCHED;
}

const UNWATCHED: ResponseObserver = {
  facts: {},
  isUsageFinal: false,
  hasError: false,
  push: () => undefined,
  end: () => undefined,
};

/** Reads the usage of one JSON answer. Bytes that are not one JSON object give none (translators.md G11). */
class MediaWholeObserver implements ResponseObserver {
  readonly isUsageFinal = false;
  readonly hasError = false;
  readonly #body = new KeptBody();
  #facts: ResponseFacts = {};

  push(chunk: Uint8Array): void {
    this.#body.push(chunk);
  }

  end(): void {
    const usage = readMediaUsage(this.#body.take());
    if (usage) this.#facts = { usage };
  }

  get facts(): ResponseFacts {
    return this.#facts;
  }
}

function readMediaUsage(bytes: Uint8Array): TokenUsage | undefined {
  const range = scanLeniently(bytes, ['usage'])?.get('usage')?.at(-1);
  const usage = range && parseMediaUsage(readJson(bytes, range));
  return usage && Object.keys(usage).length > 0 ? usage : undefined;
}
