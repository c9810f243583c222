import { describe, expect, it } from '@jest/globals';
import { UnprocessableEntityError } from 'openai';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { json, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import type { BackendDocument } from '../harness/gateway-plan.js';
import { responsesAnswer } from '../harness/provider-answers.js';
import { BACKENDS, useBackendOfEachSchema } from '../harness/schema-backends.js';
import { anthropicClient, openaiClient } from '../harness/sdk-clients.js';
import { toldAnswer } from '../harness/told-answers.js';

const strict = Object.fromEntries(
  Object.entries(BACKENDS).map(([schema, backend]): [string, BackendDocument] => [
    `strict-${schema}`,
    { ...backend, translationPolicy: 'strict' },
  ]),
);
const world = useBackendOfEachSchema({
  ...strict,
  'explicitly-lenient': { ...BACKENDS.Anthropic, translationPolicy: 'lenient' },
  'without-credentials': { schema: { name: 'OpenAI' } },
});

const DEBUG = { 'x-aigw-debug': 'translation' };
const METRIC = 'aigateway_extproc_translation_dropped_fields_total';
const CHAT = '/v1/chat/completions';
const MESSAGES = '/anthropic/v1/messages';
const RESPONSES = '/v1/responses';

interface Row {
  readonly schema: SchemaName;
  readonly endpoint: string;
  readonly path: string;
  readonly body: object;
  /** What the provider cannot be told, in the order of the receipt. */
  readonly dropped: readonly string[];
}
const user = { role: 'user', content: 'hi' };
const chat = {
  messages: [{ ...user, name: 'me' }],
  max_tokens: 9,
  seed: 7,
  logit_bias: { 50256: -100 },
  presence_penalty: 0.5,
};
const messages = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] }],
  max_tokens: 9,
  metadata: { user_id: 'me' },
  service_tier: 'standard_only',
};
const row = (schema: SchemaName, endpoint: string, path: string, body: object, dropped: readonly string[]): Row => ({
  schema,
  endpoint,
  path,
  body,
  dropped,
});

const ROWS: readonly Row[] = [
  ...(['Anthropic', 'AWSAnthropic', 'GCPAnthropic', 'AWSBedrock'] as const).map((schema) =>
    row(schema, 'chat-completions', CHAT, chat, ['logit_bias', 'messages[0].name', 'presence_penalty', 'seed']),
  ),
  row('GCPVertexAI', 'chat-completions', CHAT, chat, ['logit_bias', 'messages[0].name']),
  row('GCPVertexAI', 'messages', MESSAGES, messages, [
    'messages[0].content[0].cache_control',
    'metadata',
    'service_tier',
  ]),
  row('OpenAI', 'messages', MESSAGES, { ...messages, top_k: 5 }, [
    'messages[0].content[0].cache_control',
    'service_tier',
    'top_k',
  ]),
  row('Anthropic', 'responses', RESPONSES, { input: 'hi', max_tool_calls: 3, prompt_cache_key: 'k' }, [
    'max_tool_calls',
    'prompt_cache_key',
  ]),
];

async function send(
  { schema, path, body }: Row,
  model: string,
  headers: Readonly<Record<string, string>>,
  isStream = false,
) {
  const caseId = newCase('receipt');
  world.upstreams.provider.script(caseId, toldAnswer(schema, [{ text: 'ok' }], isStream));
  const members = isStream ? { ...body, stream: true } : body;
  const response = await world.gateway.send(path, { caseId, body: { model, ...members }, headers });
  return { caseId, response, requests: world.upstreams.provider.requests(caseId) };
}

const sorted = (text: unknown) => String(text).split(',').sort();

describe.each(ROWS.map((entry) => [entry.endpoint, entry.schema, entry] as const))(
  '%s → %s',
  (endpoint, schema, entry) => {
    it.each([false, true])(
      'tells what it dropped to who asks, to access logs and in a metric; stream: %s',
      async (isStream) => {
        const before = await world.gateway.extproc.metrics();
        const { caseId, response, requests } = await send(entry, schema, DEBUG, isStream);
        expect(response.status).toBe(200);
        expect(sorted(response.headers['x-aigw-translation'])).toEqual([...entry.dropped].sort());
        const { ai } = await world.gateway.envoy.accessLog.entry(caseId);
        expect(sorted(ai?.['translation_dropped'])).toEqual([...entry.dropped].sort());
        const after = await world.gateway.extproc.metrics();
        for (const field of new Set(entry.dropped.map((path) => /^\w+/.exec(path)![0]))) {
          const labels = { endpoint, schema, field };
          const count = entry.dropped.filter((path) => path.startsWith(field)).length;
          expect([field, after.sum(METRIC, labels) - before.sum(METRIC, labels)]).toEqual([field, count]);
        }
        expect(requests.map(({ headers }) => headers['x-aigw-debug'])).toEqual([undefined]);
      },
    );

    it('tells it without being asked to logs only', async () => {
      const { caseId, response } = await send(entry, schema, {});
      expect(response.headers).not.toHaveProperty('x-aigw-translation');
      const { ai } = await world.gateway.envoy.accessLog.entry(caseId);
      expect(ai).toHaveProperty('translation_dropped');
    });

    it('refuses it when the policy is strict, and the provider hears nothing', async () => {
      const { caseId, response, requests } = await send(entry, `strict-${schema}`, {});
      expect(response.status).toBe(422);
      const { error } = response.json<{ error: { message: string } }>();
      for (const path of entry.dropped) expect(error.message).toContain(path);
      expect(requests).toEqual([]);
      const { details } = await world.gateway.envoy.accessLog.entry(caseId);
      expect(details).toContain('aigw_translation_dropped');
    });
  },
);

describe('a request of which nothing is dropped', () => {
  const plain = row('Anthropic', 'chat-completions', CHAT, { messages: [user], max_tokens: 9 }, []);
  const neutral = {
    ...plain,
    body: {
      ...plain.body,
      n: 1,
      user: null,
      seed: null,
      presence_penalty: 0,
      logprobs: false,
      parallel_tool_calls: true,
      store: false,
    },
  };

  it.each([
    ['Anthropic', plain],
    ['strict-Anthropic', plain],
    ['strict-Anthropic', neutral],
    ['explicitly-lenient', neutral],
  ])('says so, with %s', async (model, entry) => {
    const { caseId, response } = await send(entry, model, DEBUG);
    expect([response.status, response.headers['x-aigw-translation']]).toEqual([200, 'none']);
    const { ai } = await world.gateway.envoy.accessLog.entry(caseId);
    expect(ai).not.toHaveProperty('translation_dropped');
  });

  it.each(['OpenAI', 'strict-OpenAI', 'AzureOpenAI', 'without-credentials'])(
    'is one that passes in its own dialect, whatever its members, with %s',
    async (model) => {
      const { response, requests } = await send(row('OpenAI', '', CHAT, { ...chat, unheard_of: 1 }, []), model, DEBUG);
      expect([response.status, response.headers['x-aigw-translation']]).toEqual([200, 'none']);
      expect(requests.map(({ headers }) => headers['x-aigw-debug'])).toEqual([undefined]);
      expect(JSON.parse(requests[0]!.body.toString())).toMatchObject({ ...chat, unheard_of: 1 });
    },
  );

  it('passes in the responses dialect as well', async () => {
    const caseId = newCase('receipt');
    world.upstreams.provider.script(caseId, responsesAnswer(false));
    const body = { model: 'strict-OpenAI', input: 'hi', previous_response_id: 'resp_1' };
    const response = await world.gateway.send(RESPONSES, { caseId, body, headers: DEBUG });
    expect([response.status, response.headers['x-aigw-translation']]).toEqual([200, 'none']);
  });
});

describe('the receipt', () => {
  const [entry] = ROWS as [Row];

  it.each(['', 'all', 'Translation', 'translation,all'])('is not for who asks for %j', async (debug) => {
    const { response, requests } = await send(entry, entry.schema, { 'x-aigw-debug': debug });
    expect(response.headers).not.toHaveProperty('x-aigw-translation');
    expect(requests.map(({ headers }) => headers['x-aigw-debug'])).toEqual([undefined]);
  });

  it('comes with an error of the provider, too', async () => {
    const caseId = newCase('receipt');
    world.upstreams.provider.script(caseId, json({ type: 'error', error: { type: 'api_error', message: 'no' } }, 500));
    const response = await world.gateway.send(CHAT, { caseId, body: { model: 'Anthropic', ...chat }, headers: DEBUG });
    expect(response.status).toBe(500);
    expect(sorted(response.headers['x-aigw-translation'])).toEqual([...entry.dropped].sort());
  });

  it('is ours alone: a provider cannot write one', async () => {
    const caseId = newCase('receipt');
    const forged = { 'x-aigw-translation': 'forged' };
    world.upstreams.provider.script(caseId, whole(200, '{"choices":[]}', forged));
    const response = await world.gateway.send(CHAT, { caseId, body: { model: 'OpenAI', ...chat }, headers: DEBUG });
    expect(response.headers['x-aigw-translation']).toBe('none');
  });

  it('is bounded, and holds no byte that a header may not', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ ...user, name: `n${index}` }));
    const body = { messages: many, max_tokens: 9, ['schlüssel\n'.repeat(40)]: 1 };
    const { caseId, response } = await send(row('Anthropic', '', CHAT, body, []), 'Anthropic', DEBUG);
    const receipt = String(response.headers['x-aigw-translation']);
    expect(receipt.length).toBeLessThanOrEqual(1024);
    expect(receipt).toMatch(/^[!-~]+$/);
    expect(receipt).toContain('messages[0].name');
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ translation_dropped: receipt });
  });
});

describe('a strict policy', () => {
  it('is an error that the openai package understands', async () => {
    const { chat: chats } = openaiClient(world.gateway, newCase('strict'));
    const create = { model: 'strict-AWSBedrock', messages: [{ role: 'user' as const, content: 'hi' }], seed: 7 };
    const error: unknown = await chats.completions.create(create).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnprocessableEntityError);
    expect((error as Error).message).toBe(
      '422 backend default/strict-awsbedrock (AWSBedrock) cannot express seed; ' +
        "leave these fields out, or set the route's translation policy to lenient",
    );
  });

  it('is an error in the dialect of Anthropic', async () => {
    const { messages: dialogues } = anthropicClient(world.gateway, newCase('strict'));
    const create = { model: 'strict-GCPVertexAI', max_tokens: 9, messages: [{ role: 'user' as const, content: 'hi' }] };
    await expect(dialogues.create({ ...create, metadata: { user_id: 'me' } })).rejects.toMatchObject({
      status: 422,
      error: { type: 'error', error: { type: 'invalid_request_error', message: expect.stringContaining('metadata') } },
    });
  });
});
