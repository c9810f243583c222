import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { toFile } from 'openai';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { BREAK, chunked, json, reset, whole, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { FALLBACK_RETRY, type BackendDocument } from '../harness/gateway-plan.js';
import { anthropicClient, openaiClient } from '../harness/sdk-clients.js';
import type { RecordedRequest } from '../harness/test-upstream.js';
import { TOLD_USAGE, toldAnswer } from '../harness/told-answers.js';
import { useWorld } from '../harness/world.js';

const AWS_FILE = `[default]\naws_access_key_id = AKIA${'TEST'.repeat(4)}\naws_secret_access_key = PLANTED-${randomBytes(20).toString('hex')}\naws_session_token = PLANTED-aws-token\n`;
type Provider = 'openai' | 'bedrock' | 'gemini' | 'anthropic';

/** Each with what only its requests may have. */
const BACKENDS: Readonly<
  Record<Provider, BackendDocument & { readonly schema: { readonly name: SchemaName; readonly prefix?: string } }>
> = {
  openai: {
    schema: { name: 'OpenAI', prefix: 'v1' },
    modelNameOverride: 'gpt-x',
    auth: { apiKey: { key: 'PLANTED-openai-key' } },
    httpHeaderMutation: { set: [{ name: 'x-only-openai', value: '1' }], remove: ['x-client'] },
    httpBodyMutation: { set: [{ path: 'only_openai', value: 'true' }] },
  },
  bedrock: {
    schema: { name: 'AWSBedrock' },
    modelNameOverride: 'eu.anthropic.claude-sonnet-4-5-v1:0',
    auth: { aws: { credentialFileLiteral: AWS_FILE, region: 'eu-west-1' } },
    httpHeaderMutation: { set: [{ name: 'x-only-bedrock', value: '1' }] },
  },
  gemini: {
    schema: { name: 'GCPVertexAI' },
    modelNameOverride: 'gemini-2.5-pro',
    auth: { gcp: { accessToken: 'PLANTED-gcp-token', region: 'europe-west4', projectName: 'proj' } },
    httpHeaderMutation: { set: [{ name: 'x-only-gemini', value: '1' }] },
  },
  anthropic: {
    schema: { name: 'Anthropic' },
    modelNameOverride: 'claude-sonnet-4-5',
    auth: { anthropicAPIKey: { key: 'PLANTED-anthropic-key' } },
    httpHeaderMutation: { set: [{ name: 'x-only-anthropic', value: '1' }] },
  },
};

/** What a clean request to a provider looks like, whatever was tried before. */
const SIGNS: Readonly<
  Record<Provider, { readonly path: RegExp; readonly headers: object; readonly members: readonly string[] }>
> = {
  openai: {
    path: /^\/v1\/chat\/completions$/,
    headers: { authorization: 'Bearer PLANTED-openai-key', 'x-only-openai': '1' },
    members: ['max_completion_tokens', 'max_tokens', 'messages', 'model', 'only_openai', 'stream', 'stream_options'],
  },
  bedrock: {
    path: /^\/model\/eu\.anthropic\.claude-sonnet-4-5-v1:0\/converse(-stream)?$/,
    headers: {
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKIA/),
      'x-amz-date': expect.any(String),
      'x-amz-security-token': 'PLANTED-aws-token',
      'x-only-bedrock': '1',
    },
    members: ['inferenceConfig', 'messages'],
  },
  gemini: {
    path: /^\/v1\/projects\/proj\/locations\/europe-west4\/publishers\/google\/models\/gemini-2\.5-pro:(g|streamG)enerateContent/,
    headers: { authorization: 'Bearer PLANTED-gcp-token', 'x-only-gemini': '1' },
    members: ['contents', 'generationConfig'],
  },
  anthropic: {
    path: /^\/v1\/messages$/,
    headers: { 'x-api-key': 'PLANTED-anthropic-key', 'anthropic-version': '2023-06-01', 'x-only-anthropic': '1' },
    members: ['max_tokens', 'messages', 'model', 'stream'],
  },
};
/** Headers that belong to single providers; a request has its own and no other. */
const SPECIAL = /^(authorization|api-key|x-api-key|x-amz-.*|x-only-.*|anthropic-version|x-goog-.*)$/;

const CHAINS: Readonly<Record<string, readonly Provider[]>> = {
  'chat-chain': ['openai', 'bedrock', 'gemini'],
  'claude-chain': ['anthropic', 'bedrock', 'openai'],
  'gemini-first': ['gemini', 'anthropic', 'openai'],
};
const PROVIDERS = Object.keys(BACKENDS) as Provider[];

const world = useWorld([...PROVIDERS, 'first', 'second'], (upstreams) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        ...Object.entries(CHAINS).map(([model, chain]) => ({
          model,
          retry: { ...FALLBACK_RETRY, num_retries: chain.length - 1 },
          backends: chain.map((name) => ({ name: `default/${name}`, upstream: upstreams[name], ...BACKENDS[name] })),
        })),
        {
          model: 'whisper',
          retry: FALLBACK_RETRY,
          backends: [
            { name: 'default/first', upstream: upstreams.first, modelNameOverride: 'a-much-longer-name-of-the-model' },
            { name: 'default/second', upstream: upstreams.second, modelNameOverride: 'w2' },
            { name: 'default/gemini', upstream: upstreams.gemini },
          ],
        },
      ],
    },
  ],
  costs: [
    { metadataKey: 'input', type: 'InputToken' },
    { metadataKey: 'output', type: 'OutputToken' },
  ],
  routeCosts: [
    {
      routeName: 'default/llm',
      metadataKey: 'price',
      type: 'CEL',
      cel: 'backend_name == "bedrock" ? uint(2) : uint(1)',
    },
  ],
}));

/** Of the client, none of which any provider may see. */
const CLIENT = {
  'x-client': 'kept',
  'x-goog-api-key': 'client-goog',
  'x-amz-security-token': 'client-token',
  'accept-encoding': 'gzip, br',
};

const FAILURES: readonly (readonly [string, Answer])[] = [
  ['503', whole(503, 'overloaded', { 'content-type': 'text/plain' })],
  ['429 in JSON', json({ error: { message: 'slow down' } }, 429, { 'retry-after': '1' })],
  ['a reset', reset],
  ['a reset behind its headers', { ...chunked([BREAK]), status: 503 }],
];

/** A dialect of clients. */
interface Dialect {
  /** Who speaks it, so that nothing is translated for it. */
  readonly native: Provider;
  /** Special headers of the client that pass to everybody, because they mean nothing elsewhere. */
  readonly passing: object;
}
const OPENAI_CLIENT: Dialect = { native: 'openai', passing: {} };
const ANTHROPIC_CLIENT: Dialect = { native: 'anthropic', passing: { 'anthropic-version': expect.any(String) } };

function expectClean(sent: RecordedRequest, provider: Provider, isStream: boolean, client: Dialect): void {
  const { path, headers, members } = SIGNS[provider];
  expect(sent.path).toMatch(path);
  const special = Object.entries(sent.headers).filter(([name]) => SPECIAL.test(name));
  expect(Object.fromEntries(special)).toEqual({ ...headers, ...client.passing });
  expect(sent.headers['x-client']).toBe(provider === 'openai' ? undefined : CLIENT['x-client']);
  expect(sent.headers['accept-encoding']).toBe(provider === client.native ? CLIENT['accept-encoding'] : 'identity');
  expect(sent.headers['content-length']).toBe(String(sent.body.length));
  expect(sent.headers['content-type']).toBe('application/json');
  expect(sent.headers['host']).toBe(`${provider}.test`);
  const body = JSON.parse(sent.body.toString()) as Readonly<Record<string, unknown>>;
  expect(members).toEqual(expect.arrayContaining(Object.keys(body)));
  expect(body['stream'] ?? false).toBe(isStream && 'model' in body);
  expect(sent.body.toString()).toContain('hi 😀');
}

const HISTORY = { messages: [{ role: 'user' as const, content: 'hi 😀' }], max_tokens: 9 };

/** Lets all providers of a chain before the one that answers fail. */
function scriptChain(
  caseId: string,
  chain: readonly Provider[],
  failure: Answer,
  answers: Provider,
  isStream: boolean,
): void {
  for (const name of chain) {
    const good = toldAnswer(BACKENDS[name].schema.name, [{ text: 'Hello.' }], isStream);
    world.upstreams[name].script(caseId, name === answers ? good : failure);
    if (name === answers) return;
  }
}

const tries = Object.entries(CHAINS).flatMap(([model, chain]) =>
  chain.slice(1).flatMap((answers) => FAILURES.map(([what, failure]) => [model, answers, what, failure] as const)),
);

describe.each([false, true])('a fallback across providers, stream: %s', (isStream) => {
  it.each(tries)('of a chat with %s gets its answer of %s after %s', async (model, answers, _, failure) => {
    const caseId = newCase('chat-fallback');
    const chain = CHAINS[model]!;
    scriptChain(caseId, chain, failure, answers, isStream);
    const { chat } = openaiClient(world.gateway, caseId, CLIENT);
    const create = { model, ...HISTORY };
    const { choices } = isStream
      ? await chat.completions.stream(create).finalChatCompletion()
      : await chat.completions.create(create);

    expect(choices[0]!.message.content).toBe('Hello.');
    await expectAttempts(caseId, chain.slice(0, chain.indexOf(answers) + 1), isStream, OPENAI_CLIENT);
  });

  it.each(tries)('of messages with %s gets its answer of %s after %s', async (model, answers, _, failure) => {
    const caseId = newCase('messages-fallback');
    const chain = CHAINS[model]!;
    scriptChain(caseId, chain, failure, answers, isStream);
    const { messages } = anthropicClient(world.gateway, caseId, CLIENT);
    const create = { model, ...HISTORY };
    const { content } = isStream ? await messages.stream(create).finalMessage() : await messages.create(create);

    expect(content).toMatchObject([{ type: 'text', text: 'Hello.' }]);
    await expectAttempts(caseId, chain.slice(0, chain.indexOf(answers) + 1), isStream, ANTHROPIC_CLIENT);
  });
});

/** That each of these got one clean request of its own, and that the last one is paid for. */
async function expectAttempts(
  caseId: string,
  chain: readonly Provider[],
  isStream: boolean,
  client: Dialect,
): Promise<void> {
  for (const name of chain) expectClean(world.upstreams[name].request(caseId), name, isStream, client);
  const answers = chain.at(-1)!;
  expect(await world.gateway.envoy.accessLog.entry(caseId)).toMatchObject({
    status: 200,
    attempts: chain.length,
    ai: {
      ...TOLD_USAGE,
      price: answers === 'bedrock' ? 2 : 1,
      ai_service_backend_name: `default/${answers}`,
      model_name_override: BACKENDS[answers].modelNameOverride,
    },
  });
}

describe('the receipt of a fallback', () => {
  const create = { model: 'claude-chain', ...HISTORY, seed: 7 };

  it.each<[Provider, string]>([
    ['bedrock', 'seed'],
    ['openai', ''],
  ])('is that of the attempt that %s answers, not of an earlier one', async (answers, dropped) => {
    const caseId = newCase('receipt-fallback');
    scriptChain(caseId, CHAINS['claude-chain']!, whole(503, ''), answers, false);
    const headers = { 'x-aigw-debug': 'translation' };
    const { chat } = openaiClient(world.gateway, caseId, headers);
    const { response } = await chat.completions.create(create).withResponse();
    expect(response.headers.get('x-aigw-translation')).toBe(dropped || 'none');
    const { ai } = await world.gateway.envoy.accessLog.entry(caseId);
    expect(ai).toMatchObject({ translation_dropped: dropped });
    for (const name of PROVIDERS) {
      for (const sent of world.upstreams[name].requests(caseId))
        expect(sent.headers).not.toHaveProperty('x-aigw-debug');
    }
  });
});

describe('a fallback of the Responses API', () => {
  it.each([false, true])('is converted for who does not speak it, stream: %s', async (isStream) => {
    const caseId = newCase('responses-fallback');
    scriptChain(caseId, CHAINS['chat-chain']!, whole(503, ''), 'bedrock', isStream);
    const { responses } = openaiClient(world.gateway, caseId, CLIENT);
    const create = { model: 'chat-chain', input: 'hi 😀', store: false };
    const { output_text } = isStream ? await responses.stream(create).finalResponse() : await responses.create(create);
    expect(output_text).toBe('Hello.');
    const [first, second] = [world.upstreams.openai.request(caseId), world.upstreams.bedrock.request(caseId)];
    expect([first.path, JSON.parse(first.body.toString())]).toEqual([
      '/v1/responses',
      { ...create, model: 'gpt-x', only_openai: true, ...(isStream ? { stream: true } : {}) },
    ]);
    expectClean(second, 'bedrock', isStream, OPENAI_CLIENT);
  });
});

describe('a chain of which all fail', () => {
  it('gives the last error in the dialect of the client', async () => {
    const caseId = newCase('all-fail');
    for (const name of ['openai', 'bedrock'] as const) world.upstreams[name].script(caseId, whole(503, ''));
    const error = { error: { code: 503, message: 'no room', status: 'UNAVAILABLE' } };
    world.upstreams.gemini.script(caseId, json(error, 503));
    const { chat } = openaiClient(world.gateway, caseId);
    await expect(chat.completions.create({ model: 'chat-chain', ...HISTORY })).rejects.toMatchObject({
      status: 503,
      error: { type: 'UNAVAILABLE', message: 'no room' },
    });
  });

  it('ends with what a backend cannot express, in words', async () => {
    const caseId = newCase('inexpressible');
    world.upstreams.openai.script(caseId, whole(503, ''));
    const { chat } = openaiClient(world.gateway, caseId);
    const url = 'https://example.test/a.png';
    const content = [{ type: 'image_url' as const, image_url: { url } }];
    const create = { model: 'chat-chain', messages: [{ role: 'user' as const, content }] };
    await expect(chat.completions.create(create)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('messages[0].content[0].image_url'),
    });
    expect(world.upstreams.bedrock.requests(caseId)).toEqual([]);
  });
});

describe('an upload that is tried again (X25)', () => {
  const AUDIO = randomBytes(20_000);

  it.each(FAILURES)('arrives whole under the model of each backend after %s', async (_, failure) => {
    const caseId = newCase('upload');
    const { first, second, gemini } = world.upstreams;
    first.script(caseId, failure);
    second.script(caseId, failure);
    gemini.script(caseId, json({ text: 'hi', usage: { type: 'tokens', input_tokens: 6, output_tokens: 2 } }));
    const file = await toFile(AUDIO, 'a.wav', { type: 'audio/wav' });
    const { audio } = openaiClient(world.gateway, caseId);
    const { text } = await audio.transcriptions.create({ model: 'whisper', file, language: 'de' });

    expect(text).toBe('hi');
    const models = ['a-much-longer-name-of-the-model', 'w2', 'whisper'];
    for (const [index, upstream] of [first, second, gemini].entries()) {
      const sent = upstream.request(caseId);
      expect(sent.headers['content-length']).toBe(String(sent.body.length));
      const headers = { 'content-type': sent.headers['content-type']! };
      const form = await new Response(sent.body, { headers }).formData();
      expect([form.get('model'), form.get('language')]).toEqual([models[index], 'de']);
      expect(Buffer.from(await (form.get('file') as File).arrayBuffer()).equals(AUDIO)).toBe(true);
    }
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ input: 6, output: 2 });
  });
});
