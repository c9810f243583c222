import { FRAME_PREFIX_BYTES, writeFramePrefix } from '../../../platform/grpc/message-frames.js';
import { METADATA_NAMESPACE } from '../../../shared/headers.js';
import type { HeaderSet } from '../header-set.js';
import { encodeHeaderValueOption } from './header-value-option.js';
import { ProtobufWriter } from './protobuf-writer.js';

/** What is to happen to the message at hand. Absent members change nothing. @see CommonResponse */
export interface CommonAnswer {
  readonly sets?: readonly HeaderSet[];
  readonly removes?: readonly string[];
  /** Replaces the body; empty bytes send an empty one. Absent: Envoy keeps what it has. */
  readonly body?: Uint8Array;
  /** CONTINUE_AND_REPLACE: in the answer to request headers, `body` replaces the request's body. */
  readonly replacesBody?: boolean;
  readonly clearsRouteCache?: boolean;
  /** Switches the response body to STREAMED, and response trailers to SEND. */
  readonly streamsResponse?: boolean;
  /** Members of the namespace `io.envoy.ai_gateway`. */
  readonly metadata?: DynamicMetadata;
}

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
  | 'request_headers'
  | 'response_headers'
  | 'request_body'
  | 'response_body'
  | 'request_trailers'
  | 'response_trailers';

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

/** ProcessingMode { response_header_mode: SEND, response_body_mode: STREAMED, response_trailer_mode: SEND } */
const STREAMED_RESPONSE = new ProtobufWriter().varint(2, 1).varint(4, 1).varint(6, 1).toBuffer();

const EMPTY_ANSWERS = Object.fromEntries(
  Object.entries(FIELD).map(([kind, field]) => [kind, frame(new ProtobufWriter().message(field, new ProtobufWriter()))]),
) as Readonly<Record<AnswerKind, Buffer>>;

/** The frame that lets Envoy go on unchanged. Shared: never written to. */
export const emptyAnswer = (kind: AnswerKind): Buffer => EMPTY_ANSWERS[kind];

/** Encodes the answer to a headers or body message as a gRPC frame. */
export function encodeAnswer(
  kind: 'request_headers' | 'response_headers' | 'request_body' | 'response_body',
  answer: CommonAnswer,
): Buffer {
  const common = new ProtobufWriter();
  if (answer.replacesBody) common.varint(1, STATUS_CONTINUE_AND_REPLACE);
  if (answer.sets?.length || answer.removes?.length) {
    common.message(2, headerMutation(answer.sets ?? [], answer.removes ?? []));
  }
  if (answer.body) common.message(3, new ProtobufWriter().bytes(1, answer.body));
  if (answer.clearsRouteCache) common.bool(5, true);
  // HeadersResponse and BodyResponse have the same shape: CommonResponse is field 1.
  const response = new ProtobufWriter().message(FIELD[kind], new ProtobufWriter().message(1, common));
  return finish(response, answer);
}

/** Encodes the answer to response trailers; it may carry metadata only. */
export function encodeTrailersAnswer(metadata: DynamicMetadata): Buffer {
  return finish(new ProtobufWriter().message(FIELD.response_trailers, new ProtobufWriter()), { metadata });
}

export function encodeLocalReply(reply: LocalReply, metadata?: DynamicMetadata): Buffer {
  const immediate = new ProtobufWriter()
    .message(1, new ProtobufWriter().varint(1, reply.status))
    .message(2, headerMutation(reply.sets, []))
    .bytes(3, reply.body)
    .message(4, new ProtobufWriter().varint(1, reply.grpcStatus))
    .string(5, reply.details);
  return finish(new ProtobufWriter().message(FIELD_IMMEDIATE_RESPONSE, immediate), metadata ? { metadata } : {});
}

function finish(response: ProtobufWriter, answer: Pick<CommonAnswer, 'metadata' | 'streamsResponse'>): Buffer {
  if (answer.metadata && answer.metadata.size > 0) {
    response.message(FIELD_DYNAMIC_METADATA, namespaceStruct(answer.metadata));
  }
  if (answer.streamsResponse) response.bytes(FIELD_MODE_OVERRIDE, STREAMED_RESPONSE);
  return frame(response);
}

function headerMutation(sets: readonly HeaderSet[], removes: readonly string[]): ProtobufWriter {
  const mutation = new ProtobufWriter();
  for (const set of sets) mutation.bytes(1, set.encoded ?? encodeHeaderValueOption(set.name, set.value));
  for (const name of removes) mutation.string(2, name);
  return mutation;
}

/** google.protobuf.Struct { <namespace>: Struct { <key>: string or number } } */
function namespaceStruct(metadata: DynamicMetadata): ProtobufWriter {
  const members = new ProtobufWriter();
  for (const [key, value] of metadata) {
    const encoded = new ProtobufWriter();
    if (typeof value === 'number') encoded.double(2, value);
    else encoded.string(3, value);
    members.message(1, new ProtobufWriter().string(1, key).message(2, encoded));
  }
  const struct = new ProtobufWriter().message(5, members);
  return new ProtobufWriter().message(1, new ProtobufWriter().string(1, METADATA_NAMESPACE).message(2, struct));
}

function frame(message: ProtobufWriter): Buffer {
  return writeFramePrefix(message.toBuffer(FRAME_PREFIX_BYTES));
}
