import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { UserFacingError } from '../../../shared/errors.js';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import {
  CELLS,
  chunkFrames,
  endpointNamed,
  eventStream,
  fixedEnv,
  headerLookup,
  minimalCall,
  playStream,
  playWhole,
  responseHead,
  startCell,
} from '../../../../test/harness/cell.js';
import type { Answer } from '../../../../test/harness/answers.js';
import { NEVER_STREAM, STREAMING_CELLS, translates } from '../../../../test/harness/cell-kind.js';
import { STORY, storyAnswer } from '../../../../test/harness/provider-answers.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { MATRIX } from './matrix.js';
import { UpstreamAnswerError } from './translator.js';

/** Of each law on each of some forty cells. */
const RUNS = 100;

const WHOLE = CELLS.filter((cell) => translates(cell));
const STREAMS = STREAMING_CELLS.filter((cell) => translates(cell, true));

function jsonContext(endpoint: EndpointName) {
  return { contentType: minimalCall(endpoint).headers?.['content-type'], forcesUsage: false };
}

const modelName = fc.oneof(
  fc.constantFrom('m', 'gemini-2.5-pro', 'claude-sonnet-4-5', 'a/b', '../x', '..', 'a?b#c%2F', 'ä ö&', '"quoted"'),
  fc.string({ minLength: 1, maxLength: 12 }),
);

/** Names by which Bedrock's wire formats are told apart. */
const modelOfBedrock = fc.constantFrom('m', 'us.stability.sd3', 'amazon.nova-2-multimodal', 'cohere.embed-v4:0');

/** JSON that a client may send in any place: deep, odd numbers, lone surrogates, names that JavaScript treats specially. */
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
    '\ud800',
    1e300,
    [[[[[[[[[[]]]]]]]]]],
    { type: 'text' },
    [{ role: 'user' }],
    [{ type: 'text', text: 1 }],
    [{ role: 'assistant', tool_calls: [{ function: {} }] }],
    [{ type: 'function', function: { name: 'f', parameters: [] } }],
  ),
);
const FIELDS = [
  'messages',
  'input',
  'tools',
  'tool_choice',
  'response_format',
  'max_tokens',
  'stop',
  'system',
  'thinking',
  'temperature',
  'reasoning',
  'text',
  'dimensions',
  'prompt',
  'metadata',
  'stream_options',
  'n',
  'size',
  'output_format',
  'output_compression',
  'negative_prompt',
  'seed',
  'cfg_scale',
  'documents',
  'top_n',
];
const anyRequest = fc.dictionary(fc.constantFrom(...FIELDS), anyJson, { maxKeys: 5 });

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

/** Runs `start`; undefined when the cell refuses the request in a way that the client is told. */
function tryStart(endpoint: EndpointName, schema: SchemaName, body: string) {
  try {
    const request = endpointNamed(endpoint).parse(Buffer.from(body), jsonContext(endpoint));
    deepFreeze(request.document());
    const input = {
      request,
      requestModel: request.model,
      hasModelOverride: false,
      schema: { name: schema },
      headers: headerLookup(),
    };
    const translator = MATRIX[endpoint][schema]!;
    return [translator.start(input, fixedEnv()), translator.start(input, fixedEnv())] as const;
  } catch (error) {
    if (error instanceof UserFacingError) return undefined;
    throw error;
  }
}

const CLAUDE_EVENTS = [
  { type: 'message_start', message: { id: 'msg_1', model: 'claude', usage: { input_tokens: 3, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hé😀' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't1', name: 'f', input: {} } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1' } },
  { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
  { type: 'ping' },
  { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
  { type: 'content_block_delta', index: 7, delta: { type: 'input_json_delta', partial_json: 'x' } },
  { type: 'nobody_knows', a: 1 },
];
const GEMINI_OBJECTS = [
  { candidates: [{ content: { role: 'model', parts: [{ text: 'hé😀' }] } }] },
  {
    candidates: [
      {
        content: {
          parts: [
            { text: 'thought', thought: true },
            { text: '', thoughtSignature: 'AAAA' },
          ],
        },
      },
    ],
  },
  { candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] }, finishReason: 'STOP' }] },
  { usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 }, modelVersion: 'gemini-x' },
  { promptFeedback: { blockReason: 'SAFETY' } },
  { error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } },
];
const CONVERSE_FRAMES = [
  { type: 'messageStart', payload: { role: 'assistant' } },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 0, delta: { text: 'hé😀' } } },
  { type: 'contentBlockStart', payload: { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't', name: 'f' } } } },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 1, delta: { toolUse: { input: '{"a":' } } } },
  { type: 'contentBlockDelta', payload: { contentBlockIndex: 2, delta: { reasoningContent: { text: 'hm' } } } },
  { type: 'contentBlockStop', payload: { contentBlockIndex: 0 } },
  { type: 'messageStop', payload: { stopReason: 'tool_use' } },
  { type: 'metadata', payload: { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 } } },
  { type: 'throttlingException', payload: { message: 'slow down' }, exception: true },
];
const OPENAI_CHUNKS = [
  '{"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hé😀"}}]}',
  '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{"}}]}}]}',
  '{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}',
  '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
  '{"error":{"message":"x","type":"server_error"}}',
  '[DONE]',
];
const sse = (type: string | undefined, data: string) =>
  Buffer.from(`${type ? `event: ${type}\n` : ''}data: ${data}\n\n`);
const PIECES: readonly Buffer[] = [
  ...CLAUDE_EVENTS.map((event) => sse(event.type, JSON.stringify(event))),
  ...eventStreams(CLAUDE_EVENTS),
  ...GEMINI_OBJECTS.map((object) => sse(undefined, JSON.stringify(object))),
  ...CONVERSE_FRAMES.map((frame) => eventStream([frame])),
  ...OPENAI_CHUNKS.map((chunk) => sse(undefined, chunk)),
  ...[': comment\n\n', 'data: {"a":\r\n\r\n', '\n\n', 'data: null\n\n', '\u0000\uFFFD', '<html>', 'data: [1]\n\n'].map(
    (text) => Buffer.from(text),
  ),
  Buffer.from([0xff, 0xfe, 0, 0, 0, 16]),
];

function eventStreams(events: readonly unknown[]): Buffer[] {
  return chunkFrames(events).map((frame) => eventStream([frame]));
}

const streamOf = fc.array(fc.constantFrom(...PIECES), { maxLength: 10 }).map((pieces) => Buffer.concat(pieces));
const cutsOf = fc.tuple(fc.array(fc.nat(), { maxLength: 10 }), fc.boolean());

function chunksOf(bytes: Buffer, [cuts, isCutEverywhere]: readonly [readonly number[], boolean]): Buffer[] {
  const size = bytes.length + 1;
  const offsets = isCutEverywhere ? [...bytes.keys()] : cuts.map((cut) => cut % size).toSorted((a, b) => a - b);
  // Copies: a chunk may be reused after the call.
  return [0, ...offsets].map((from, index) => Buffer.from(bytes.subarray(from, offsets[index] ?? size)));
}

/** Types that the last event of a dialect may have. */
const LAST_TYPES: Readonly<Partial<Record<EndpointName, readonly string[]>>> = {
  messages: ['message_stop', 'error'],
  responses: ['response.completed', 'response.incomplete', 'response.failed'],
};

/** What is wrong with a client's stream; undefined when it is complete and well-formed. */
function streamFault(endpoint: EndpointName, text: string): string | undefined {
  if (!text.endsWith('\n\n')) return 'it does not end with a blank line';
  // A comment keeps the connection busy and says nothing.
  const events = text
    .slice(0, -2)
    .split('\n\n')
    .filter((event) => !event.startsWith(':'));
  const data = events.map((event) => event.replace(/^event: .*\n/, ''));
  const odd = data.find((line) => !line.startsWith('data: ') || line.includes('\n'));
  if (odd !== undefined) return `an event is ${odd}`;
  const payloads = data.map((line) => line.slice('data: '.length));
  if (endpoint === 'chat-completions' && payloads.indexOf('[DONE]') !== payloads.length - 1)
    return 'no [DONE] at its end';
  const objects = payloads
    .filter((payload) => payload !== '[DONE]')
    .map((payload) => JSON.parse(payload) as { type?: string });
  const last = objects.at(-1)?.type ?? '';
  const allowed = LAST_TYPES[endpoint];
  return allowed === undefined || allowed.includes(last) ? undefined : `its last event is ${last}`;
}

it.each(CELLS.map((cell) => [...cell] as const))(
  '%s → %s has a path that a model name cannot extend',
  (endpoint, schema) => {
    const pathOf = (name: string) =>
      startCell(endpoint, schema, { ...minimalCall(endpoint), modelNameOverride: name }).request.path;
    const shape = pathOf('x').split(/[/?#]/).length;
    fc.assert(
      fc.property(modelName, (model) => {
        const path = pathOf(model);
        expect(path).toMatch(/^[!-~]*$/);
        expect(path.split(/[/?#]/).length).toBe(shape);
        expect(path.split('/')).not.toContain('..');
      }),
    );
  },
);

it.each(NEVER_STREAM)('%s → %s tells the client that asks for a stream that there is none', (endpoint, schema) => {
  const call = minimalCall(endpoint, 'm', true);
  expect(endpointNamed(endpoint).parse(Buffer.from(call.body), jsonContext(endpoint)).isStreaming).toBe(true);
  expect(() => startCell(endpoint, schema, call)).toThrow(UserFacingError);
});

describe.each(WHOLE)('%s → %s', (endpoint, schema) => {
  it('starts twice alike, does not touch its input and refuses only by telling the client', () => {
    fc.assert(
      fc.property(fc.oneof(modelName, modelOfBedrock), anyRequest, fc.boolean(), (model, members, isMinimal) => {
        const minimal: unknown = isMinimal ? JSON.parse(minimalCall(endpoint).body as string) : {};
        const body = JSON.stringify({ ...(minimal as object), ...members, model });
        const started = tryStart(endpoint, schema, body);
        if (started === undefined) return;
        expect(started[0].request).toEqual(started[1].request);
        expect(() => JSON.parse(Buffer.from(started[0].request.body ?? '{}').toString())).not.toThrow();
      }),
      { numRuns: RUNS },
    );
  });

  it('reads any whole answer or says that it is none', () => {
    const answer = fc.oneof(
      fc.json(),
      fc.constantFrom('', '<html>', '{"a":', '[]', 'null', ...GEMINI_OBJECTS.map((object) => JSON.stringify(object))),
      fc.constantFrom(
        '{"output":{"message":{"role":"assistant","content":[{"text":"hi"}]}},"stopReason":"x","usage":null}',
        '{"output":{"message":{"content":null}}}',
        '{"type":"message","role":"assistant","content":[{"type":"text","text":"hi"},{"type":"new"}],"usage":{}}',
        '{"choices":[{"message":{"content":null,"tool_calls":[{}]}}]}',
        '{"embedding":[1,2.50],"inputTextTokenCount":3}',
        '{"predictions":[{"embeddings":{"values":[1e-3]}}]}',
        '{"totalTokens":3}',
        '{"inputTokens":3}',
        '{"input_tokens":3}',
        '{"predictions":[{"bytesBase64Encoded":"aGk=","mimeType":7,"prompt":[]},{"raiFilteredReason":"no"}]}',
        '{"images":["aGk=","aG\\/o="],"error":"some","finish_reasons":[null,"no"]}',
        '{"images":null,"error":7,"finish_reasons":[{}]}',
        '{"embeddings":[{"embeddingType":"TEXT","embedding":[1],"truncatedCharLength":2},{}]}',
        '{"records":[{"id":"0","score":1e-3}]}',
        '{"results":[{"index":0,"relevance_score":1e-3}]}',
      ),
    );
    fc.assert(
      fc.property(answer, modelOfBedrock, (text, modelNameOverride) => {
        const exchange = startCell(endpoint, schema, { ...minimalCall(endpoint), modelNameOverride });
        if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
        try {
          const { body } = exchange.whole(responseHead(200, { 'content-type': 'application/json' }), Buffer.from(text));
          expect(() => JSON.parse(Buffer.from(body!).toString())).not.toThrow();
        } catch (error) {
          if (!(error instanceof UpstreamAnswerError)) throw error;
        }
      }),
      { numRuns: RUNS },
    );
  });

  it.each([300, 400, 401, 403, 404, 408, 413, 422, 424, 429, 500, 502, 503, 504, 529])(
    'gives an error of the dialect for status %i',
    (status) => {
      for (const contentType of ['', 'text/plain', 'application/json', 'Application/JSON; charset=utf-8']) {
        for (const text of [
          'upstream "is" down\n',
          '',
          '{"error":',
          '{"error":{"type":"t","message":"m"}}',
          '{"message":"m"}',
          '[1]',
          'null',
        ]) {
          const exchange = startCell(endpoint, schema, minimalCall(endpoint));
          const head = responseHead(status, contentType === '' ? {} : { 'content-type': contentType });
          const { body } = exchange.error(head, Buffer.from(text));
          if (body === undefined) continue;
          const parsed = JSON.parse(Buffer.from(body).toString()) as { error?: { message?: unknown; type?: unknown } };
          expect(parsed.error).toEqual(
            expect.objectContaining({ message: expect.any(String), type: expect.any(String) }),
          );
        }
      }
    },
  );
});

describe.each(STREAMS)('%s → %s, streamed', (endpoint, schema) => {
  const play = (chunks: readonly Buffer[]) =>
    playStream(startCell(endpoint, schema, minimalCall(endpoint, 'm', true)), chunks);

  it('gives the same however the stream is cut', () => {
    fc.assert(
      fc.property(streamOf, cutsOf, (bytes, cuts) => {
        const { isUsageFinalBeforeEnd: _, ...whole } = play([bytes]);
        const { isUsageFinalBeforeEnd: __, ...cut } = play(chunksOf(bytes, cuts));
        expect(cut).toEqual(whole);
      }),
      { numRuns: RUNS },
    );
  });

  it('is a complete stream of the dialect whatever the provider sends', () => {
    fc.assert(
      fc.property(fc.oneof(streamOf, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        expect(streamFault(endpoint, play([Buffer.from(bytes)]).text)).toBeUndefined();
      }),
      { numRuns: RUNS },
    );
  });

  it('tells an empty stream to be an error', () => {
    const { text, hasError } = play([]);
    expect(streamFault(endpoint, text)).toBeUndefined();
    expect(hasError).toBe(true);
    expect(text).toContain('error');
  });
});

/** Bytes of a scripted answer. */
async function bytesOf(answer: Answer): Promise<Buffer> {
  if (answer.kind !== 'respond') throw new Error('expected an answer with a body');
  const steps: Uint8Array[] = [];
  for await (const step of answer.body)
    if (typeof step === 'string' || step instanceof Uint8Array) steps.push(Buffer.from(step));
  return Buffer.concat(steps);
}

// What clients see of both forms is compared through the official SDKs: test/data-plane/cells.spec.ts.
it.each(STREAMS.map((cell) => [...cell] as const))(
  '%s → %s learns the same of an answer whole and streamed',
  async (endpoint, schema) => {
    const exchange = (isStream: boolean) => startCell(endpoint, schema, minimalCall(endpoint, 'm', isStream));
    const streamed = playStream(exchange(true), [await bytesOf(storyAnswer(schema, true))]);
    expect(streamed).toMatchObject({ hasError: false, isUsageFinalBeforeEnd: expect.any(Boolean) });
    expect(streamed.facts.usage).toMatchObject({
      inputTokens: STORY.inputTokens,
      cachedInputTokens: STORY.cachedTokens,
      outputTokens: STORY.outputTokens,
    });
    const whole = playWhole(exchange(false), await bytesOf(storyAnswer(schema, false)));
    expect(whole.usage).toEqual(streamed.facts.usage);
  },
);
