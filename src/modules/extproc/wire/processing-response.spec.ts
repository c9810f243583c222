import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  ProcessingResponseSchema,
  type CommonResponse,
  type ProcessingResponse,
} from '../../../gen/proto/envoy/service/ext_proc/v3/external_processor_pb.js';
import {
  ProcessingMode_BodySendMode as Body,
  ProcessingMode_HeaderSendMode as Header,
} from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/processing_mode_pb.js';
import { HeaderValueOption_HeaderAppendAction } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { encodeHeaderValueOption } from './header-value-option.js';
import {
  emptyAnswer,
  encodeAnswer,
  encodeLocalReply,
  encodeTrailersAnswer,
  type AnswerKind,
  type CommonAnswer,
} from './processing-response.js';

const headerName = fc.stringMatching(/^:?[a-z][a-z0-9-]{0,20}$/);
/** Objects without prototype compare unequal to literals. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;

describe('encoded answers read by the generated code', () => {
  const read = (frame: Buffer): ProcessingResponse => {
    expect(frame[0]).toBe(0);
    expect(frame.readUInt32BE(1)).toBe(frame.length - 5);
    return fromBinary(ProcessingResponseSchema, frame.subarray(5));
  };
  const CASES = {
    request_headers: 'requestHeaders',
    response_headers: 'responseHeaders',
    request_body: 'requestBody',
    response_body: 'responseBody',
  } as const;
  const KINDS = Object.keys(CASES) as (keyof typeof CASES)[];

  it.each([...KINDS, 'request_trailers', 'response_trailers'] as AnswerKind[])('has an empty answer to %s', (kind) => {
    const { response, dynamicMetadata, modeOverride } = read(emptyAnswer(kind));
    expect(response.case).toBe(kind.replace(/_./, (text) => text.slice(1).toUpperCase()));
    expect([dynamicMetadata, modeOverride]).toEqual([undefined, undefined]);
  });

  const text = fc.string({ maxLength: 30 }).filter((value) => value.isWellFormed());
  const value = fc.oneof(
    text,
    fc.integer({ min: 0, max: 70_000 }).map((size) => 'v'.repeat(size)),
  );
  const answer = fc.record(
    {
      sets: fc.array(fc.record({ name: headerName, value }), { maxLength: 5 }),
      removes: fc.array(headerName, { maxLength: 4 }),
      body: fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc.integer({ min: 0, max: 200_000 }).map((size) => Buffer.alloc(size, 9)),
      ),
      replacesBody: fc.boolean(),
      clearsRouteCache: fc.boolean(),
      responseBodyMode: fc.constantFrom(
        'none' as const,
        'streamed' as const,
        'buffered' as const,
        'full-duplex' as const,
      ),
      requestBodyMode: fc.constantFrom('none' as const, 'buffered' as const),
      metadata: fc
        .uniqueArray(fc.tuple(text, fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }))), {
          selector: ([key]) => key,
          maxLength: 5,
        })
        .map((pairs) => new Map(pairs)),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<CommonAnswer>;

  it('mean what was asked for', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), answer, fc.boolean(), (kind, wanted, isPreEncoded) => {
        const sets = wanted.sets?.map((set) =>
          isPreEncoded ? { ...set, encoded: encodeHeaderValueOption(set.name, set.value) } : set,
        );
        const found = read(encodeAnswer(kind, { ...wanted, ...(sets ? { sets } : {}) }));
        expect(found.response.case).toBe(CASES[kind]);
        const common = (found.response.value as { response?: Record<string, never> }).response;
        expect(shownCommon(common)).toEqual({
          status: wanted.replacesBody ? 1 : 0,
          sets: (wanted.sets ?? []).map((set) => [set.name, '', set.value, 2]),
          removes: wanted.removes ?? [],
          body: wanted.body ? Buffer.from(wanted.body).toString('hex') : undefined,
          clearsRouteCache: wanted.clearsRouteCache ?? false,
        });
        const metadata = wanted.metadata?.size
          ? { 'io.envoy.ai_gateway': Object.fromEntries(wanted.metadata) }
          : undefined;
        expect(plain(found.dynamicMetadata)).toEqual(plain(metadata));
        expect(found.modeOverride?.responseBodyMode).toBe(
          wanted.responseBodyMode &&
            {
              none: Body.NONE,
              streamed: Body.STREAMED,
              buffered: Body.BUFFERED,
              'full-duplex': Body.FULL_DUPLEX_STREAMED,
            }[wanted.responseBodyMode],
        );
        expect(found.modeOverride?.requestBodyMode).toBe(
          wanted.responseBodyMode && (wanted.requestBodyMode === 'none' ? Body.NONE : Body.BUFFERED),
        );
      }),
      { numRuns: 300 },
    );
  });

  const shownCommon = (common: unknown) => {
    const { status, headerMutation, bodyMutation, clearRouteCache } = common as {
      status: number;
      headerMutation?: {
        setHeaders: { header?: { key: string; value: string; rawValue: Uint8Array }; appendAction: number }[];
        removeHeaders: string[];
      };
      bodyMutation?: { mutation: { case?: string; value?: Uint8Array } };
      clearRouteCache: boolean;
    };
    return {
      status,
      sets: (headerMutation?.setHeaders ?? []).map(({ header, appendAction }) => [
        header!.key,
        header!.value,
        Buffer.from(header!.rawValue).toString(),
        appendAction,
      ]),
      removes: headerMutation?.removeHeaders ?? [],
      body:
        bodyMutation?.mutation.case === 'body' ? Buffer.from(bodyMutation.mutation.value!).toString('hex') : undefined,
      clearsRouteCache: clearRouteCache,
    };
  };

  it('do not move a large body when headers and metadata come on top of it', () => {
    const body = Buffer.alloc(1 << 20, 7);
    const sets = [{ name: 'authorization', value: `Bearer ${'t'.repeat(1500)}` }];
    const metadata = new Map([['backend_name', 'b'.repeat(1000)]]);
    const roomMax = body.length + 10_000;
    const frames = [
      encodeAnswer('request_headers', { body, sets, removes: ['x'.repeat(1000)], metadata, replacesBody: true }),
      encodeLocalReply({ status: 503, sets, body, grpcStatus: 3, details: 'd' }, metadata),
    ];
    for (const frame of frames) {
      // A buffer that had grown would have twice the room.
      expect(frame.length).toBeGreaterThan(body.length + 2500);
      expect(frame.buffer.byteLength).toBeLessThan(roomMax);
    }
  });

  it('carry the bytes of full duplex, and whether they are the last', () => {
    const size = fc.oneof(fc.nat(20), fc.constant(300_000));
    fc.assert(
      fc.property(size, fc.boolean(), fc.boolean(), (sizeBytes, isLast, hasMetadata) => {
        const bytes = Buffer.alloc(sizeBytes, 7);
        const metadata = new Map(hasMetadata ? [['n', 1]] : []);
        const found = read(encodeAnswer('response_body', { streamedBody: { bytes, isLast }, metadata }));
        const { bodyMutation } = (found.response.value as { response: CommonResponse }).response;
        const { mutation } = bodyMutation!;
        expect(mutation).toMatchObject({ case: 'streamedResponse', value: { endOfStream: isLast } });
        expect(Buffer.from((mutation.value as { body: Uint8Array }).body).equals(bytes)).toBe(true);
        expect(found.dynamicMetadata !== undefined).toBe(hasMetadata);
      }),
    );
  });

  it('keep an empty body apart from none', () => {
    const found = read(encodeAnswer('response_body', { body: Buffer.alloc(0) }));
    expect(shownCommon((found.response.value as { response: unknown }).response).body).toBe('');
  });

  it.each([
    ['streamed', Body.STREAMED],
    ['buffered', Body.BUFFERED],
    ['full-duplex', Body.FULL_DUPLEX_STREAMED],
  ] as const)(
    'switch the response body to %s, ask for trailers and leave the request body buffered',
    (mode, expected) => {
      expect(read(encodeAnswer('request_headers', { responseBodyMode: mode })).modeOverride).toMatchObject({
        responseHeaderMode: Header.SEND,
        responseBodyMode: expected,
        responseTrailerMode: Header.SEND,
        requestBodyMode: Body.BUFFERED,
        requestTrailerMode: Header.SKIP,
      });
    },
  );

  it('carry metadata with the answer to trailers', () => {
    const found = read(
      encodeTrailersAnswer(
        new Map<string, string | number>([
          ['n', 2 ** 53 - 1],
          ['s', 'ü'],
        ]),
      ),
    );
    expect(found.response.case).toBe('responseTrailers');
    expect(plain(found.dynamicMetadata)).toEqual({ 'io.envoy.ai_gateway': { n: 2 ** 53 - 1, s: 'ü' } });
    expect(read(encodeTrailersAnswer(new Map())).dynamicMetadata).toBeUndefined();
  });

  it('carry a local reply', () => {
    const reply = {
      status: 404,
      sets: [{ name: 'content-type', value: 'text/plain' }],
      body: Buffer.from('größe'),
      grpcStatus: 5,
      details: 'aigw_unsupported_path',
    };
    const found = read(encodeLocalReply(reply, new Map([['backend_name', 'b']])));
    expect(found.response).toMatchObject({
      case: 'immediateResponse',
      value: {
        status: { code: 404 },
        grpcStatus: { status: 5 },
        details: 'aigw_unsupported_path',
        headers: {
          setHeaders: [
            {
              header: { key: 'content-type', value: '' },
              appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
            },
          ],
          removeHeaders: [],
        },
      },
    });
    expect(Buffer.from((found.response.value as { body: Uint8Array }).body).toString()).toBe('größe');
    expect(plain(found.dynamicMetadata)).toEqual({ 'io.envoy.ai_gateway': { backend_name: 'b' } });
    expect(read(encodeLocalReply({ ...reply, grpcStatus: 0, body: Buffer.alloc(0) })).response).toMatchObject({
      case: 'immediateResponse',
      value: { grpcStatus: { status: 0 } },
    });
  });
});
