import { create, toBinary, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ProcessingRequestSchema } from '../../../gen/proto/envoy/service/ext_proc/v3/external_processor_pb.js';
import { GrpcError } from '../../../platform/grpc/status.js';
import { decodeProcessingRequest, type HeadersMessage } from './processing-request.js';

interface HeadersContext {
  readonly attributes?: Record<string, JsonObject>;
  readonly metadataContext?: { readonly filterMetadata: Record<string, JsonObject> };
}
type RequestInit = MessageInitShape<typeof ProcessingRequestSchema>;

const encodeRequest = (init: RequestInit): Buffer =>
  Buffer.from(toBinary(ProcessingRequestSchema, create(ProcessingRequestSchema, init)));
const decode = (init: RequestInit) => decodeProcessingRequest(encodeRequest(init));
const decodeHeaders = (init: RequestInit): HeadersMessage => decode(init) as HeadersMessage;

type Field = readonly [name: string, value: string | Uint8Array];
const requestHeaders = (fields: readonly Field[], more: HeadersContext = {}): RequestInit => ({
  ...more,
  request: {
    case: 'requestHeaders',
    value: {
      headers: {
        headers: fields.map(([key, value]) => (typeof value === 'string' ? { key, value } : { key, rawValue: value })),
      },
    },
  },
});

const headerName = fc.stringMatching(/^:?[a-z][a-z0-9-]{0,20}$/);
const plainValue = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed());

describe('decodeProcessingRequest', () => {
  it('reads headers as the generated code wrote them, from value or raw_value', () => {
    const fields = fc.uniqueArray(fc.tuple(headerName, plainValue, fc.boolean()), {
      selector: ([name]) => name,
      maxLength: 30,
    });
    fc.assert(
      fc.property(fields, fc.boolean(), (list, endOfStream) => {
        const message = decodeHeaders({
          request: {
            case: 'requestHeaders',
            value: {
              headers: {
                headers: list.map(([key, value, isRaw]) =>
                  isRaw ? { key, rawValue: Buffer.from(value) } : { key, value },
                ),
              },
              endOfStream,
            },
          },
        });
        expect(message).toMatchObject({ kind: 'request_headers', endOfStream });
        for (const [name, value] of list) expect(message.headers.get(name)).toBe(value);
        expect([...message.headers.toMap()]).toEqual(list.map(([name, value]) => [name, value]));
        for (const [name, value] of list) expect(message.headers.get(name)).toBe(value);
        expect(message.headers.get('not-there')).toBeUndefined();
      }),
    );
  });

  it('takes value before raw_value', () => {
    const { headers } = decodeHeaders({
      request: {
        case: 'requestHeaders',
        value: { headers: { headers: [{ key: 'a', value: 'v', rawValue: Buffer.from('r') }] } },
      },
    });
    expect(headers.get('a')).toBe('v');
  });

  it('joins repeated headers in their order', () => {
    const { headers } = decodeHeaders(
      requestHeaders([
        ['anthropic-beta', 'a'],
        ['cookie', 'x=1'],
        ['anthropic-beta', 'b, c'],
        ['cookie', 'y=2'],
        ['anthropic-beta', ''],
      ]),
    );
    expect(headers.get('anthropic-beta')).toBe('a, b, c, ');
    expect(headers.get('cookie')).toBe('x=1; y=2');
    expect(Object.fromEntries(headers.toMap())).toEqual({ 'anthropic-beta': 'a, b, c, ', cookie: 'x=1; y=2' });
  });

  it('reads a value that is not UTF-8 as absent, and leaves others of its name', () => {
    const { headers } = decodeHeaders(
      requestHeaders([
        ['x-bad', Buffer.from([0xff, 0xfe])],
        ['x-two', Buffer.from([0xc3])],
        ['x-two', 'good'],
        ['x-fffd', '\uFFFD'],
      ]),
    );
    expect(headers.get('x-bad')).toBeUndefined();
    expect(['x-bad', 'x-two', 'x-none'].map((name) => headers.has(name))).toEqual([true, true, false]);
    headers.toMap();
    expect(headers.has('x-bad')).toBe(true);
    expect(headers.get('x-two')).toBe('good');
    // The replacement character itself is text like any other.
    expect(headers.get('x-fffd')).toBe('\uFFFD');
    expect([...headers.toMap().keys()]).toEqual(['x-two', 'x-fffd']);
  });

  it('lists names with a prefix once each', () => {
    const { headers } = decodeHeaders(
      requestHeaders([
        ['x-ai-eg-model', '1'],
        ['x-a', '2'],
        ['x-ai-eg-model', '3'],
        ['x-ai-eg-b', Buffer.from([0xff])],
        [':path', '/'],
      ]),
    );
    expect(headers.namesWithPrefix('x-ai-eg-')).toEqual(['x-ai-eg-model', 'x-ai-eg-b']);
    expect(headers.namesWithPrefix('z')).toEqual([]);
  });

  it.each(['requestBody', 'responseBody'] as const)('reads a %s of any size', (kind) => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.integer({ min: 0, max: 300_000 }).map((size) => Buffer.alloc(size, 7)),
    );
    fc.assert(
      fc.property(body, fc.boolean(), (bytes, endOfStream) => {
        const message = decode({ request: { case: kind, value: { body: bytes, endOfStream } } });
        const found = message as { kind: string; body: Buffer; endOfStream: boolean };
        expect(found.kind).toBe(kind === 'requestBody' ? 'request_body' : 'response_body');
        expect(found.body.equals(bytes)).toBe(true);
        expect(found.endOfStream).toBe(endOfStream);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['requestTrailers', 'request_trailers'],
    ['responseTrailers', 'response_trailers'],
  ] as const)('names %s', (kind, expected) => {
    expect(decode({ request: { case: kind, value: { trailers: { headers: [{ key: 'a', value: 'b' }] } } } })).toEqual({
      kind: expected,
    });
  });

  it('names a message without a step unknown', () => {
    expect(decode({})).toEqual({ kind: 'unknown' });
    expect(decode({ observabilityMode: true, protocolConfig: {} })).toEqual({ kind: 'unknown' });
  });

  it('reads messages without members', () => {
    expect(decode({ request: { case: 'requestBody', value: {} } })).toEqual({
      kind: 'request_body',
      body: Buffer.alloc(0),
      endOfStream: false,
    });
    const message = decodeHeaders({ request: { case: 'responseHeaders', value: {} } });
    expect(message.kind).toBe('response_headers');
    expect([...message.headers.toMap()]).toEqual([]);
    expect(message.attributes).toBeUndefined();
    expect(message.metadata.get('a', 'b')).toBeUndefined();
  });

  it('reads attributes of the ext_proc filter and dynamic metadata as the generated code wrote them', () => {
    const json = fc.object({
      key: fc.string({ maxLength: 8 }).filter((key) => key !== '__proto__' && key.isWellFormed()),
      values: [
        fc.string({ maxLength: 10 }).filter((text) => text.isWellFormed()),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
      ],
      maxDepth: 4,
    });
    fc.assert(
      fc.property(json, (value) => {
        const object = value as JsonObject;
        const message = decodeHeaders(
          requestHeaders([], {
            attributes: { 'envoy.filters.http.ext_proc': object, other: { x: 1 } },
            metadataContext: { filterMetadata: { 'a.b': object } },
          }),
        );
        expect(plain(message.attributes)).toEqual(plain(object));
        for (const [key, member] of Object.entries(object))
          expect(plain(message.metadata.get('a.b', key))).toEqual(plain(member));
        expect(message.metadata.get('other', 'x')).toBeUndefined();
      }),
    );
  });

  it('keeps a member named __proto__ a member', () => {
    const object = JSON.parse('{"__proto__":"v"}') as JsonObject;
    const { attributes, metadata } = decodeHeaders(
      requestHeaders([], {
        attributes: { 'envoy.filters.http.ext_proc': object },
        metadataContext: { filterMetadata: { ns: object } },
      }),
    );
    expect(Object.keys(attributes!)).toEqual(['__proto__']);
    expect(metadata.get('ns', 'toString')).toBeUndefined();
  });

  it('survives attributes that are nested deeper than anybody needs', () => {
    const { attributes } = decodeProcessingRequest(Buffer.from(nestedStruct(5000))) as HeadersMessage;
    expect(attributes).toHaveProperty('x');
  });

  it('has no attributes when those of another filter came', () => {
    expect(decodeHeaders(requestHeaders([], { attributes: { other: { x: 1 } } })).attributes).toBeUndefined();
  });
});

/** Objects without prototype compare unequal to literals. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;

/** A ProcessingRequest with request headers and an attribute struct of that depth, written without recursion. */
function nestedStruct(depth: number): Uint8Array {
  const wrap = (field: number, bytes: Uint8Array) =>
    Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
  let struct: Uint8Array = Buffer.alloc(0);
  for (let i = 0; i < depth; i++) {
    struct = wrap(1, Buffer.concat([wrap(1, Buffer.from('x')), wrap(2, wrap(5, struct))]));
  }
  const entry = Buffer.concat([wrap(1, Buffer.from('envoy.filters.http.ext_proc')), wrap(2, struct)]);
  return Buffer.concat([wrap(2, Buffer.alloc(0)), wrap(9, entry)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

describe('decodeProcessingRequest on bad input', () => {
  const whole = encodeRequest(
    requestHeaders(
      [
        ['a', 'b'],
        ['c', Buffer.from('d'.repeat(200))],
      ],
      {
        attributes: { 'envoy.filters.http.ext_proc': { x: 'y', n: 1.5, l: [true, null, { z: 'q' }] } },
        metadataContext: { filterMetadata: { ns: { k: 'v' } } },
      },
    ),
  );

  function readAll(bytes: Buffer): void {
    const message = decodeProcessingRequest(bytes);
    if (message.kind !== 'request_headers' && message.kind !== 'response_headers') return;
    message.headers.toMap();
    message.headers.namesWithPrefix('x-');
    message.metadata.get('ns', 'k');
  }

  const failureOf = (bytes: Buffer): unknown => {
    try {
      readAll(bytes);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it('fails with INTERNAL, or reads what is there, wherever the message is cut', () => {
    const failures = [...whole.keys()]
      .map((size) => failureOf(whole.subarray(0, size)))
      .filter((failure) => failure !== undefined);
    expect(failures.every((failure) => failure instanceof GrpcError && failure.code === 13)).toBe(true);
    expect(failures.length).toBeGreaterThan(whole.length * 0.9);
  });

  it('never throws anything else, whatever the bytes', () => {
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const mutated = flips.map((list) => {
      const copy = Buffer.from(whole);
      for (const [at, byte] of list) copy[at] = byte;
      return copy;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          const failure = failureOf(bytes);
          expect(failure === undefined || failure instanceof GrpcError).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['a cut number', [0x12, 0x80], 'malformed protobuf message: a number is cut'],
    [
      'an endless number',
      [0x12, ...Array<number>(11).fill(0x80)],
      'malformed protobuf message: a number has more than 10 bytes',
    ],
    ['a length beyond the end', [0x12, 0x05, 0x0a], 'malformed protobuf message: field 2 is cut'],
    ['another wire type', [0x10, 0x01], 'malformed protobuf message: field 2 has wire type 0'],
    ['a group', [0x7b, 0x7c], 'malformed protobuf message: field 15 has wire type 3'],
    ['a cut fixed64', [0x79, 0x01], 'malformed protobuf message: field 15 is cut'],
    ['a cut fixed32', [0x7d, 0x01], 'malformed protobuf message: field 15 is cut'],
  ])('names %s', (_, bytes, message) => {
    expect(failureOf(Buffer.from(bytes))).toEqual(new GrpcError(13, message));
  });

  it('skips unknown fields of every wire type', () => {
    const unknown = Buffer.from([
      0xf8, 0x07, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa,
      0x07, 1, 9, 0xfd, 0x07, 1, 2, 3, 4,
    ]);
    const message = decodeProcessingRequest(Buffer.concat([unknown, whole, unknown])) as HeadersMessage;
    expect(message.headers.get('a')).toBe('b');
    const body = Buffer.concat([unknown, Buffer.from([0x0a, 1, 0x61, 0x10, 1]), unknown]);
    const nested = decodeProcessingRequest(Buffer.concat([Buffer.from([0x22]), varint(body.length), body]));
    expect(nested).toEqual({ kind: 'request_body', body: Buffer.from('a'), endOfStream: true });
  });
});
