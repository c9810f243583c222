import { EVENT_STREAM, isJsonType, mediaTypeOf } from '../codec/media-type.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import type { PassedEndpointName } from '../endpoints/passed-endpoint.js';
import type { ResponseHead } from '../translators/translator.js';

/** Pages for people. No endpoint answers with them; proxies in front of providers do. */
const PAGES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

/** Audio, subtitles and text are answers too, and silence has none of them. */
const MEDIA_ENDPOINTS: ReadonlySet<EndpointName | PassedEndpointName> = new Set([
  'speech',
  'transcriptions',
  'audio-translations',
]);

/** Neither has a body (RFC 9110 sections 15.3.5 and 15.3.6). */
const BODILESS_STATUSES: ReadonlySet<number> = new Set([204, 205]);

/**
 * Why a response with a good status is no answer of its endpoint, as far as its head tells; undefined when it may be one. The
 * bytes of what goes through are not looked at (translators.md G11).
 */
export function missingAnswer(
  endpoint: EndpointName | PassedEndpointName,
  head: ResponseHead,
  endOfStream: boolean,
): string | undefined {
  const type = mediaTypeOf(head.headers.get('content-type'));
  if (PAGES.has(type)) return `with ${type} in place of what its API gives`;
  const isEmpty = endOfStream || head.headers.get('content-length') === '0';
  return isEmpty && needsBody(endpoint, head) ? EMPTY_BODY : undefined;
}

export const EMPTY_BODY = 'with an empty body';

/** True when an answer without a byte is none. */
export function needsBody(endpoint: EndpointName | PassedEndpointName, { status, headers }: ResponseHead): boolean {
  if (BODILESS_STATUSES.has(status)) return false;
  const contentType = headers.get('content-type');
  const isJsonOrEvents = isJsonType(contentType) || mediaTypeOf(contentType) === EVENT_STREAM;
  return isJsonOrEvents || contentType === undefined || !MEDIA_ENDPOINTS.has(endpoint);
}
