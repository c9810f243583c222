import { FRAME_PREFIX_BYTES, writeFramePrefix } from '../../../platform/grpc/message-frames.js';
import { METADATA_NAMESPACE } from '../../../shared/headers.js';
import type { HeaderSet } from '../header-set.js';
import { ReverseProtobufWriter } from './protobuf-writer.js';

/** What is to happen to the message at hand. Absent members change nothing. @see CommonResponse */
export interface CommonAnswer {
  readonly sets?: readonly HeaderSet[];
  readonly removes?: readonly string[];
  /** Replaces the body; empty bytes send an empty one. Absent: Envoy keeps what it has. */
  readonly body?: Uint8Array;
  /** In place of `body` in full duplex, where what is not sent is gone: bytes for the client, and whether they are the last. */
  readonly streamedBody?: StreamedBytes;
  /** CONTINUE_AND_REPLACE: in the answer to request headers, `body` replaces the request's body. */
  readonly replacesBody?: boolean;
  readonly clearsRouteCache?: boolean;
  /** How Envoy hands us the response body from now on. */
  readonly responseBodyMode?: ResponseBodyMode;
  /** With `responseBodyMode`, and whole when left out: an override replaces all modes. */
  readonly requestBodyMode?: RequestBodyMode;
  /** Members of the namespace `io.envoy.ai_gateway`. */
  readonly metadata?: DynamicMetadata;
}

/** @see StreamedBodyResponse */
export interface StreamedBytes {
  readonly bytes: Uint8Array;
  /** False when trailers follow. */
  readonly isLast: boolean;
}

/**
 * Not at all; chunks as they come, each answered once; one message with the whole body; or chunks as they come, with answers that are
 * tied to none of them, but for the first: before it has come Envoy 1.38.3 takes no answer.
 */
export type ResponseBodyMode = 'none' | 'streamed' | 'buffered' | 'full-duplex';

/** Not at all: it streams through; or one message with the whole body. */
export type RequestBodyMode = 'none' | 'buffered';

export type DynamicMetadata = ReadonlyMap<string, string | number>;

/** A response made by us. @see ImmediateResponse */
export interface LocalReply {
  readonly status: number;
  readonly sets: readonly HeaderSet[];
  readonly body: Uint8Array;
  /** gRPC code for gRPC clients. */
  readonly grpcStatus: number;
  /** Shown as `%RESPONSE_CODE_DETAILS%`; no blanks. */
  readonly details: string;
}

export type AnswerKind =
  'request_headers' | 'response_headers' | 'request_body' | 'response_body' | 'request_trailers' | 'response_trailers';

/** Field numbers of the `response` oneof of ProcessingResponse. */
const FIELD: Readonly<Record<AnswerKind, number>> = {
  request_headers: 1,
  response_headers: 2,
  request_body: 3,
  response_body: 4,
  request_trailers: 5,
  response_trailers: 6,
};
const FIELD_IMMEDIATE_RESPONSE = 7;
const FIELD_DYNAMIC_METADATA = 8;
const FIELD_MODE_OVERRIDE = 9;
const STATUS_CONTINUE_AND_REPLACE = 1;
const APPEND_ACTION_OVERWRITE_IF_EXISTS_OR_ADD = 2;

/** ProcessingMode.BodySendMode */
const NONE = 0;
const STREAMED = 1;
const BUFFERED = 2;
const FULL_DUPLEX_STREAMED = 4;
/** ProcessingMode.HeaderSendMode */
const SEND = 1;
const SKIP = 2;

/**
 * An override replaces all modes: ProcessingMode { response_header_mode: SEND, request_body_mode, response_body_mode,
 * request_trailer_mode: SKIP, response_trailer_mode }. Trailers go with the body.
 */
function processingModes(requestBodyMode: number): Readonly<Record<ResponseBodyMode, Buffer>> {
  const mode = (responseBodyMode: number, trailerMode: number) =>
    Buffer.from([2 << 3, SEND, 3 << 3, requestBodyMode, 4 << 3, responseBodyMode, 5 << 3, SKIP, 6 << 3, trailerMode]);
  return {
    none: mode(NONE, SKIP),
    streamed: mode(STREAMED, SEND),
    buffered: mode(BUFFERED, SEND),
    'full-duplex': mode(FULL_DUPLEX_STREAMED, SEND),
  };
}
const PROCESSING_MODES: Readonly<Record<RequestBodyMode, Readonly<Record<ResponseBodyMode, Buffer>>>> = {
  none: processingModes(NONE),
  buffered: processingModes(BUFFERED),
};

const EMPTY_ANSWERS = Object.fromEntries(
  Object.entries(FIELD).map(([kind, field]) => {
    const writer = new ReverseProtobufWriter();
    writer.message(field, writer.mark());
    return [kind, frame(writer)];
  }),
) as Readonly<Record<AnswerKind, Buffer>>;

/** The frame that lets Envoy go on unchanged. Shared: never written to. */
export const emptyAnswer = (kind: AnswerKind): Buffer => EMPTY_ANSWERS[kind];

/** Encodes the answer to a headers or body message as a gRPC frame. */
export function encodeAnswer(
  kind: 'request_headers' | 'response_headers' | 'request_body' | 'response_body',
  answer: CommonAnswer,
): Buffer {
  const writer = new ReverseProtobufWriter(sizeGuess(answer));
  writeRest(writer, answer);
  const end = writer.mark();
  if (answer.clearsRouteCache) writer.varint(5, 1);
  if (answer.streamedBody) writeStreamedBody(writer, answer.streamedBody);
  else if (answer.body) writeBodyMutation(writer, answer.body);
  if (answer.sets?.length || answer.removes?.length)
    writeHeaderMutation(writer, answer.sets ?? [], answer.removes ?? []);
  if (answer.replacesBody) writer.varint(1, STATUS_CONTINUE_AND_REPLACE);
  // HeadersResponse and BodyResponse have the same shape: CommonResponse is field 1.
  writer.message(1, end);
  writer.message(FIELD[kind], end);
  return frame(writer);
}

/** Encodes the answer to response trailers; it may carry metadata only. */
export function encodeTrailersAnswer(metadata: DynamicMetadata): Buffer {
  const writer = new ReverseProtobufWriter(sizeGuess({ metadata }));
  writeRest(writer, { metadata });
  writer.message(FIELD.response_trailers, writer.mark());
  return frame(writer);
}

export function encodeLocalReply(reply: LocalReply, metadata?: DynamicMetadata): Buffer {
  const writer = new ReverseProtobufWriter(sizeGuess({ ...reply, ...(metadata && { metadata }) }));
  if (metadata) writeRest(writer, { metadata });
  const end = writer.mark();
  writer.string(5, reply.details);
  const grpcStatus = writer.mark();
  writer.varint(1, reply.grpcStatus);
  writer.message(4, grpcStatus);
  writer.bytes(3, reply.body);
  writeHeaderMutation(writer, reply.sets, []);
  const status = writer.mark();
  writer.varint(1, reply.status);
  writer.message(1, status);
  writer.message(FIELD_IMMEDIATE_RESPONSE, end);
  return frame(writer);
}

/** Bytes of field tags and lengths of one entry: a header set, a removed name, a member of the metadata. */
const ENTRY_OVERHEAD_BYTES = 16;
/** A UTF-16 unit takes at most three bytes as UTF-8. */
const UTF8_BYTES_MAX = 3;

/** Bytes that the answer takes at most but for a constant, so that a large body is not moved when headers come on top. */
function sizeGuess({ body, streamedBody, sets = [], removes = [], metadata }: CommonAnswer): number {
  let sizeBytes = (body?.length ?? 0) + (streamedBody?.bytes.length ?? 0);
  for (const set of sets)
    sizeBytes += ENTRY_OVERHEAD_BYTES + (set.encoded?.length ?? set.name.length + UTF8_BYTES_MAX * set.value.length);
  for (const name of removes) sizeBytes += ENTRY_OVERHEAD_BYTES + name.length;
  if (metadata) {
    for (const [key, value] of metadata)
      sizeBytes +=
        ENTRY_OVERHEAD_BYTES + UTF8_BYTES_MAX * (key.length + (typeof value === 'string' ? value.length : 0));
  }
  return sizeBytes;
}

/** The fields beside the `response` oneof. */
function writeRest(
  writer: ReverseProtobufWriter,
  { metadata, responseBodyMode, requestBodyMode = 'buffered' }: CommonAnswer,
): void {
  if (responseBodyMode) writer.bytes(FIELD_MODE_OVERRIDE, PROCESSING_MODES[requestBodyMode][responseBodyMode]);
  if (metadata && metadata.size > 0) writeNamespace(writer, metadata);
}

/** BodyMutation { body } */
function writeBodyMutation(writer: ReverseProtobufWriter, body: Uint8Array): void {
  const end = writer.mark();
  writer.bytes(1, body);
  writer.message(3, end);
}

/** BodyMutation { streamed_response { body, end_of_stream } } */
function writeStreamedBody(writer: ReverseProtobufWriter, { bytes, isLast }: StreamedBytes): void {
  const end = writer.mark();
  if (isLast) writer.varint(2, 1);
  if (bytes.length > 0) writer.bytes(1, bytes);
  writer.message(3, end);
  writer.message(3, end);
}

/** HeaderMutation { set_headers, remove_headers }; field 2 of both CommonResponse and ImmediateResponse. */
function writeHeaderMutation(
  writer: ReverseProtobufWriter,
  sets: readonly HeaderSet[],
  removes: readonly string[],
): void {
  const end = writer.mark();
  for (let i = removes.length - 1; i >= 0; i--) writer.string(2, removes[i]!);
  for (let i = sets.length - 1; i >= 0; i--) writeHeaderSet(writer, sets[i]!);
  writer.message(2, end);
}

function writeHeaderSet(writer: ReverseProtobufWriter, set: HeaderSet): void {
  if (set.encoded) {
    writer.bytes(1, set.encoded);
    return;
  }
  const end = writer.mark();
  writer.varint(3, APPEND_ACTION_OVERWRITE_IF_EXISTS_OR_ADD);
  const header = writer.mark();
  // Only `raw_value`: Envoy reads nothing else (spec extproc.md 4.1).
  writer.string(3, set.value);
  writer.string(1, set.name);
  writer.message(1, header);
  writer.message(1, end);
}

/** google.protobuf.Struct { <namespace>: Struct { <key>: string or number } } */
function writeNamespace(writer: ReverseProtobufWriter, metadata: DynamicMetadata): void {
  const end = writer.mark();
  for (const [key, value] of metadata) {
    const entry = writer.mark();
    if (typeof value === 'number') writer.double(2, value);
    else writer.string(3, value);
    writer.message(2, entry);
    writer.string(1, key);
    writer.message(1, entry);
  }
  writer.message(5, end);
  writer.message(2, end);
  writer.string(1, METADATA_NAMESPACE);
  writer.message(1, end);
  writer.message(FIELD_DYNAMIC_METADATA, end);
}

function frame(writer: ReverseProtobufWriter): Buffer {
  return writeFramePrefix(writer.finish(FRAME_PREFIX_BYTES));
}
