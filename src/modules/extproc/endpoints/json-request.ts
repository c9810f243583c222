import { UserFacingError } from '../../../shared/errors.js';
import {
  JsonSyntaxError,
  isNullDocument,
  memberRanges,
  readBoolean,
  readString,
  scanObject,
  type ByteRange,
} from '../codec/json-scan.js';
import { replaceMember } from '../codec/json-splice.js';
import { isMultipart } from '../codec/media-type.js';
import {
  isJsonObject,
  JsonBoundError,
  kindOf,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '../codec/json-value.js';
import { MalformedRequestError } from '../request-error.js';
import type { ParseContext, ParsedRequest } from './endpoint.js';

/** How token usage comes in streams of an endpoint: only when asked for, in any case, or never, since it has no streams. */
export type StreamUsage = 'when-asked' | 'always' | 'no-stream';

/**
 * Reads `model` and `stream` of a JSON body with a scan, without building it; what only the provider needs is not looked at.
 * @see spec translators.md 2.1, extproc.md section 10
 */
export function parseJsonRequest(
  endpoint: string,
  body: Uint8Array,
  context: ParseContext,
  streamUsage: StreamUsage,
): ParsedRequest {
  if (isMultipart(context.contentType)) {
    throw new UserFacingError(`malformed request: ${endpoint} takes a JSON body, found multipart/form-data`);
  }
  const members = scanMembers(endpoint, body);
  const model = lastMember(endpoint, body, members.get('model'), 'model', readString, 'a string') ?? '';
  checkModel(endpoint, model);
  const isStreaming =
    streamUsage !== 'no-stream' &&
    lastMember(endpoint, body, members.get('stream'), 'stream', readBoolean, 'a boolean') === true;
  const modelRanges = members.get('model') ?? [];
  if (
    streamUsage !== 'when-asked' ||
    !context.forcesUsage ||
    !isStreaming ||
    asksForUsage(body, members.get('stream_options'))
  ) {
    return { model, isStreaming, body, isRewritten: false, modelRanges, document: documentOf(endpoint, body) };
  }
  const rewritten = forceUsage(body, members.get('stream_options') ?? []);
  return {
    model,
    isStreaming,
    body: rewritten,
    isRewritten: true,
    modelRanges: scanObject(rewritten, ['model']).get('model') ?? [],
    document: documentOf(endpoint, rewritten),
  };
}

/** Kept once built: all attempts and all cells of a request read the same value. */
function documentOf(endpoint: string, body: Uint8Array): () => JsonObject {
  let document: JsonObject | undefined;
  return () => {
    document ??= buildDocument(endpoint, body);
    return document;
  };
}

function buildDocument(endpoint: string, body: Uint8Array): JsonObject {
  const value = parseDocument(endpoint, body);
  if (isJsonObject(value)) return value;
  throw new MalformedRequestError(
    `malformed request: the body of ${endpoint} must be a JSON object, found ${kindOf(value)}`,
  );
}

/** A body that is passed on may be larger and deeper than one that is translated. */
function parseDocument(endpoint: string, body: Uint8Array): JsonValue {
  try {
    return parseJson(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The scan found it to be JSON; the parser's own words might quote it.
    const reason = error instanceof JsonBoundError ? error.message : 'it does not parse as JSON';
    throw new MalformedRequestError(
      `malformed request: the body of ${endpoint} cannot be translated for this backend: ${reason}`,
    );
  }
}

function scanMembers(endpoint: string, body: Uint8Array): ReadonlyMap<string, readonly ByteRange[]> {
  if (isNullDocument(body)) return new Map();
  try {
    return scanObject(body, ['model', 'stream', 'stream_options']);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new UserFacingError(`malformed request: the body of ${endpoint} is not a JSON object: ${error.message}`);
  }
}

const MODEL_CHARACTERS_MAX = 1024;

/** The model becomes a header; Envoy answers what is no header value, or too long a one, with an empty 500. */
export function checkModel(endpoint: string, model: string): void {
  if (model.length <= MODEL_CHARACTERS_MAX && !/\p{Cc}/u.test(model) && model.isWellFormed()) return;
  throw new UserFacingError(
    `malformed request: "model" of ${endpoint} must be at most ${MODEL_CHARACTERS_MAX} characters without control characters`,
  );
}

/** Of a doubled key the last one counts, as JSON parsers have it; `null` reads as absent. */
function lastMember<T>(
  endpoint: string,
  body: Uint8Array,
  ranges: readonly ByteRange[] | undefined,
  name: string,
  read: (bytes: Uint8Array, range: ByteRange) => T | undefined,
  expected: string,
): T | undefined {
  const range = ranges?.at(-1);
  if (range === undefined || isNull(body, range)) return undefined;
  const value = read(body, range);
  if (value === undefined) {
    throw new UserFacingError(`malformed request: "${name}" of ${endpoint} must be ${expected}`);
  }
  return value;
}

const isNull = (body: Uint8Array, range: ByteRange) => body[range.start] === 0x6e;
const isObject = (body: Uint8Array, range: ByteRange) => body[range.start] === 0x7b;

function asksForUsage(body: Uint8Array, streamOptions: readonly ByteRange[] | undefined): boolean {
  const range = streamOptions?.at(-1);
  if (range === undefined || !isObject(body, range)) return false;
  const asked = memberRanges(body, range, ['include_usage']).get('include_usage')?.at(-1);
  return asked !== undefined && readBoolean(body, asked) === true;
}

/** Sets `stream_options.include_usage` to true; other members of stream_options survive. */
function forceUsage(body: Uint8Array, streamOptions: readonly ByteRange[]): Uint8Array {
  const range = streamOptions.at(-1);
  if (range === undefined || !isObject(body, range)) {
    return replaceMember(body, { name: 'stream_options', ranges: streamOptions, jsonText: '{"include_usage":true}' });
  }
  const options = body.subarray(range.start, range.end);
  const asked = scanObject(options, ['include_usage']).get('include_usage');
  const jsonText = Buffer.from(
    replaceMember(options, { name: 'include_usage', ranges: asked, jsonText: 'true' }),
  ).toString();
  return replaceMember(body, { name: 'stream_options', ranges: streamOptions, jsonText });
}
