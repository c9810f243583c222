import { HeaderFields } from './header-fields.js';
import { ProtobufReader } from './protobuf-reader.js';
import { readMapEntry, readStruct, type StructObject, type StructValue } from './struct.js';

/**
 * One message of Envoy, decoded as far as it is read. @see envoy/service/ext_proc/v3/external_processor.proto,
 * ProcessingRequest. Hand-written because this is the hottest code we have; `processing-request.spec.ts` holds it
 * against the generated messages.
 */
export type ProcessingRequest =
  | HeadersMessage
  | { readonly kind: 'request_body' | 'response_body'; readonly body: Buffer; readonly endOfStream: boolean }
  | { readonly kind: 'request_trailers' | 'response_trailers' }
  | { readonly kind: 'unknown' };

export interface HeadersMessage {
  readonly kind: 'request_headers' | 'response_headers';
  readonly headers: HeaderFields;
  readonly endOfStream: boolean;
  /** Of `attributes["envoy.filters.http.ext_proc"]`; undefined when the filter asks for none. */
  readonly attributes: StructObject | undefined;
  readonly metadata: MetadataContext;
}

const EXT_PROC_ATTRIBUTES = 'envoy.filters.http.ext_proc';

/** Field numbers of the `request` oneof. */
const KIND_BY_FIELD = {
  2: 'request_headers',
  3: 'response_headers',
  4: 'request_body',
  5: 'response_body',
  6: 'request_trailers',
  7: 'response_trailers',
} as const;

export function decodeProcessingRequest(message: Buffer): ProcessingRequest {
  const reader = new ProtobufReader(message);
  let kind: ProcessingRequest['kind'] = 'unknown';
  let payload: ProtobufReader | undefined;
  let attributes: StructObject | undefined;
  let metadata: Buffer | undefined;
  while (reader.next()) {
    if (reader.field >= 2 && reader.field <= 7) {
      kind = KIND_BY_FIELD[reader.field as keyof typeof KIND_BY_FIELD];
      payload = reader.message();
    } else if (reader.field === 9) {
      readMapEntry(reader.message(), (key, value) => {
        if (key === EXT_PROC_ATTRIBUTES) attributes = readStruct(value);
      });
    } else if (reader.field === 8) {
      metadata = reader.bytes();
    } else {
      reader.skip();
    }
  }
  switch (kind) {
    case 'request_headers':
    case 'response_headers':
      return readHeaders(kind, payload!, attributes, new MetadataContext(metadata));
    case 'request_body':
    case 'response_body':
      return readBody(kind, payload!);
    case 'request_trailers':
    case 'response_trailers':
    case 'unknown':
      return { kind };
  }
}

function readHeaders(
  kind: HeadersMessage['kind'],
  reader: ProtobufReader,
  attributes: StructObject | undefined,
  metadata: MetadataContext,
): HeadersMessage {
  let headers: HeaderFields | undefined;
  let endOfStream = false;
  while (reader.next()) {
    if (reader.field === 1) headers = new HeaderFields(reader.message());
    else if (reader.field === 3) endOfStream = reader.varint() !== 0;
    else reader.skip();
  }
  return { kind, headers: headers ?? NO_HEADERS, endOfStream, attributes, metadata };
}

function readBody(kind: 'request_body' | 'response_body', reader: ProtobufReader): ProcessingRequest {
  let body: Buffer = NO_BYTES;
  let endOfStream = false;
  while (reader.next()) {
    if (reader.field === 1) body = reader.bytes();
    else if (reader.field === 2) endOfStream = reader.varint() !== 0;
    else reader.skip();
  }
  return { kind, body, endOfStream };
}

/** Dynamic metadata that Envoy forwards (`metadata_context.filter_metadata`); decoded when first asked for. */
export class MetadataContext {
  #byNamespace: Map<string, StructObject> | undefined;

  constructor(private readonly encoded: Buffer | undefined) {}

  get(namespace: string, key: string): StructValue | undefined {
    if (this.encoded === undefined) return undefined;
    this.#byNamespace ??= readFilterMetadata(this.encoded);
    return this.#byNamespace.get(namespace)?.[key];
  }
}

function readFilterMetadata(encoded: Buffer): Map<string, StructObject> {
  const byNamespace = new Map<string, StructObject>();
  const reader = new ProtobufReader(encoded);
  while (reader.next()) {
    if (reader.field === 1) readMapEntry(reader.message(), (key, value) => byNamespace.set(key, readStruct(value)));
    else reader.skip();
  }
  return byNamespace;
}

const NO_BYTES = Buffer.alloc(0);
const NO_HEADERS = new HeaderFields(new ProtobufReader(NO_BYTES));
