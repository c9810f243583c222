import { describe, expect, it } from '@jest/globals';
import type { EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import { DEFAULT_ENDPOINT_PREFIXES } from '../../src/shared/endpoint-prefixes.js';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { chunked, DONE, event, json, whole, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { CELLS, endpointNamed, minimalCall } from '../harness/cell.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema();

interface Exchange {
  readonly answer: Answer;
  /** What the client gets; matched as JSON, or as text. */
  readonly expected: unknown;
  /** Cost metadata of the request. */
  readonly spent?: object;
}

const FLOATS = [0.5, -1.25, 3];
const USAGE = { prompt_tokens: 7, total_tokens: 7 };
const openAIEmbeddings = {
  object: 'list',
  model: 'm',
  data: [{ object: 'embedding', index: 0, embedding: FLOATS }],
  usage: USAGE,
};
const same = (body: object, spent?: object): Exchange => ({
  answer: json(body),
  expected: body,
  ...(spent ? { spent } : {}),
});
const audio = whole(200, Buffer.from([0xff, 0xfb, 0x90, 0]), { 'content-type': 'audio/mpeg' });
const image = {
  created: 1,
  data: [{ b64_json: 'AAAA' }],
  usage: { input_tokens: 5, output_tokens: 9, total_tokens: 14 },
};
const IMAGE_SPENT = { input: 5, output: 9 };
const transcription = { text: 'hi', usage: { type: 'tokens', input_tokens: 6, output_tokens: 2, total_tokens: 8 } };
const chatCount = { input_tokens: 11 };
const tokenCount = { count: 11 };

/** What a provider of a schema answers to the smallest request of an endpoint, and what the client makes of it. */
const EXCHANGES: Readonly<Partial<Record<EndpointName, Readonly<Partial<Record<SchemaName, Exchange>>>>>> = {
  completions: {
    OpenAI: same(
      { object: 'text_completion', choices: [{ text: 'hi' }], usage: { ...USAGE, completion_tokens: 0 } },
      { input: 7 },
    ),
    AzureOpenAI: same({ object: 'text_completion', choices: [{ text: 'hi' }], usage: USAGE }, { input: 7 }),
  },
  embeddings: {
    OpenAI: same(openAIEmbeddings, { input: 7 }),
    AzureOpenAI: same(openAIEmbeddings, { input: 7 }),
    AWSBedrock: {
      answer: json({ embedding: FLOATS, inputTextTokenCount: 7 }),
      expected: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: FLOATS }], usage: USAGE },
      spent: { input: 7 },
    },
    GCPVertexAI: {
      answer: json({ embedding: { values: FLOATS }, usageMetadata: { promptTokenCount: 7 } }),
      expected: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: FLOATS }], usage: USAGE },
      spent: { input: 7 },
    },
    Cohere: {
      answer: json({ id: 'e', embeddings: { float: [FLOATS] }, meta: { billed_units: { input_tokens: 7 } } }),
      expected: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: FLOATS }], usage: USAGE },
      spent: { input: 7 },
    },
  },
  'input-tokens': {
    OpenAI: same({ object: 'response.input_tokens', input_tokens: 11 }, { input: 11 }),
    AzureOpenAI: same({ object: 'response.input_tokens', input_tokens: 11 }, { input: 11 }),
    Anthropic: { answer: json(chatCount), expected: { object: 'response.input_tokens', ...chatCount } },
    GCPAnthropic: { answer: json(chatCount), expected: { object: 'response.input_tokens', ...chatCount } },
    AWSAnthropic: { answer: json({ inputTokens: 11 }), expected: { object: 'response.input_tokens', ...chatCount } },
    AWSBedrock: { answer: json({ inputTokens: 11 }), expected: { object: 'response.input_tokens', ...chatCount } },
    GCPVertexAI: { answer: json({ totalTokens: 11 }), expected: { object: 'response.input_tokens', ...chatCount } },
  },
  'images-generations': {
    OpenAI: same(image, IMAGE_SPENT),
    AzureOpenAI: same(image, IMAGE_SPENT),
    AWSBedrock: { answer: json({ images: ['AAAA'] }), expected: { data: [{ b64_json: 'AAAA' }] } },
    GCPVertexAI: {
      answer: json({
        candidates: [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] } }],
        usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 9 },
      }),
      expected: { created: expect.any(Number), data: [{ b64_json: 'AAAA' }], output_format: 'png', usage: image.usage },
      spent: IMAGE_SPENT,
    },
  },
  'images-edits': { OpenAI: same(image, IMAGE_SPENT), AzureOpenAI: same(image, IMAGE_SPENT) },
  'images-variations': { OpenAI: same(image, IMAGE_SPENT), AzureOpenAI: same(image, IMAGE_SPENT) },
  speech: {
    OpenAI: { answer: audio, expected: Buffer.from([0xff, 0xfb, 0x90, 0]) },
    AzureOpenAI: { answer: audio, expected: Buffer.from([0xff, 0xfb, 0x90, 0]) },
  },
  transcriptions: {
    OpenAI: same(transcription, { input: 6, output: 2 }),
    AzureOpenAI: same(transcription, { input: 6, output: 2 }),
  },
  'audio-translations': { OpenAI: same({ text: 'hi' }), AzureOpenAI: same({ text: 'hi' }) },
  moderations: { OpenAI: same({ id: 'modr-1', model: 'm', results: [{ flagged: false }] }) },
  tokenize: {
    OpenAI: same({ count: 11, max_model_len: 4096, tokens: [1] }),
    AWSAnthropic: { answer: json({ inputTokens: 11 }), expected: tokenCount },
    AWSBedrock: { answer: json({ inputTokens: 11 }), expected: tokenCount },
    GCPAnthropic: { answer: json(chatCount), expected: tokenCount },
    GCPVertexAI: { answer: json({ totalTokens: 11 }), expected: tokenCount },
  },
  'count-tokens': {
    Anthropic: same(chatCount, { input: 11 }),
    GCPAnthropic: same(chatCount, { input: 11 }),
    AWSAnthropic: { answer: json({ inputTokens: 11 }), expected: chatCount, spent: { input: 11 } },
    AWSBedrock: { answer: json({ inputTokens: 11 }), expected: chatCount, spent: { input: 11 } },
    GCPVertexAI: { answer: json({ totalTokens: 11 }), expected: chatCount, spent: { input: 11 } },
  },
  rerank: {
    AWSBedrock: {
      answer: json({ results: [{ index: 0, relevance_score: 0.5 }] }),
      expected: { id: expect.stringMatching(/^rerank-/), results: [{ index: 0, relevance_score: 0.5 }], meta: {} },
    },
    GCPVertexAI: {
      answer: json({ records: [{ id: '0', score: 0.5 }] }),
      expected: { id: expect.stringMatching(/^rerank-/), results: [{ index: 0, relevance_score: 0.5 }], meta: {} },
    },
    Cohere: same(
      {
        id: 'r',
        results: [{ index: 0, relevance_score: 0.5 }],
        meta: { tokens: { input_tokens: 7, output_tokens: 1 } },
      },
      { input: 7, output: 1 },
    ),
  },
};

/** Rows whose cells are tried by SDKs in cells.spec.ts. */
const CHATS: ReadonlySet<EndpointName> = new Set(['chat-completions', 'messages', 'responses']);

const pathOf = (name: EndpointName) => {
  const { vendor, path } = endpointNamed(name);
  return `${DEFAULT_ENDPOINT_PREFIXES[vendor]}/${path}`.replaceAll(/\/+/g, '/');
};

describe.each(CELLS.filter(([endpoint]) => !CHATS.has(endpoint)))('%s → %s', (endpoint, schema) => {
  it('answers', async () => {
    const exchange = EXCHANGES[endpoint]?.[schema];
    if (exchange === undefined) throw new Error(`add what ${endpoint} → ${schema} is to answer to EXCHANGES`);
    const caseId = newCase(endpoint);
    world.upstreams.provider.script(caseId, exchange.answer);
    const { body, headers } = minimalCall(endpoint, schema);
    const received = await world.gateway.send(pathOf(endpoint), { caseId, body, headers: { ...headers } });

    expect([received.status, received.body.toString()]).toEqual([200, expect.any(String)]);
    const found: unknown = Buffer.isBuffer(exchange.expected) ? received.body : received.json();
    expect({ found }).toMatchObject({ found: exchange.expected });
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject(exchange.spent ?? {});
  });

  it('gives the error of a provider in the dialect of the client', async () => {
    const caseId = newCase(endpoint);
    world.upstreams.provider.script(caseId, whole(503, 'upstream is "down"', { 'content-type': 'text/plain' }));
    const { body, headers } = minimalCall(endpoint, schema);
    const received = await world.gateway.send(pathOf(endpoint), { caseId, body, headers: { ...headers } });

    expect(received.status).toBe(503);
    expect(JSON.stringify(received.json())).toContain('upstream is \\"down\\"');
  });
});

describe('streams of endpoints that go through', () => {
  it.each([
    [
      'images-generations',
      { stream: true },
      [
        event({ type: 'image_generation.partial_image', b64_json: 'AA' }),
        event({ type: 'image_generation.completed', ...image }),
      ],
      IMAGE_SPENT,
    ],
    [
      'speech',
      { stream_format: 'sse' },
      [event({ type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } })],
      { input: 3, output: 4 },
    ],
    [
      'completions',
      { stream: true, prompt: 'hi' },
      [event({ choices: [{ text: 'hi' }] }), event({ choices: [], usage: { ...USAGE, completion_tokens: 2 } }), DONE],
      { input: 7, output: 2 },
    ],
  ] as const)('of %s are metered', async (endpoint, members, events, spent) => {
    const caseId = newCase(endpoint);
    world.upstreams.provider.script(caseId, chunked(events));
    const body = JSON.stringify({ model: 'OpenAI', ...members });
    const received = await world.gateway.send(pathOf(endpoint), { caseId, body });
    expect(received.body.toString()).toBe(events.join(''));
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject(spent);
  });
});
