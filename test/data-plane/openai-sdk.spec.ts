import { describe, expect, it } from '@jest/globals';
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError, RateLimitError } from 'openai';
import { chunked, DONE, event, gated, json } from '../harness/answers.js';
import { CASE_HEADER, newCase } from '../harness/case-id.js';
import { useWorld } from '../harness/world.js';

const world = useWorld(['openai'], ({ openai }) => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        {
          model: 'gpt-x',
          backends: [{ name: 'default/openai', upstream: openai, auth: { apiKey: { key: 'PLANTED-provider-key' } } }],
        },
        {
          model: 'gpt-own',
          backends: [
            {
              name: 'default/own',
              upstream: openai,
              auth: {
                apiKey: { key: 'PLANTED-x' },
                credentialOverride: { headerName: 'x-aigw-api-key', fallbackToConfigured: false },
              },
            },
          ],
        },
      ],
    },
  ],
  costs: [{ metadataKey: 'used', type: 'TotalToken' }],
}));

const client = (caseId: string) =>
  new OpenAI({
    baseURL: `${world.gateway.baseUrl}/v1`,
    apiKey: 'PLANTED-client-key',
    maxRetries: 0,
    defaultHeaders: { [CASE_HEADER]: caseId },
  });

const messages = [{ role: 'user' as const, content: 'hello' }];
const completion = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-x-1',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi', refusal: null } }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};
const chunk = (content: string) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-x-1',
  choices: [{ index: 0, delta: { content } }],
});

describe('the official openai package for Node', () => {
  it('chats', async () => {
    const caseId = newCase('sdk');
    world.upstreams.openai.script(caseId, json(completion));
    const answer = await client(caseId).chat.completions.create({ model: 'gpt-x', messages });
    expect(answer).toMatchObject(completion);
    expect(world.upstreams.openai.request(caseId).headers).toMatchObject({
      authorization: 'Bearer PLANTED-provider-key',
    });
    expect((await world.gateway.envoy.accessLog.entry(caseId)).ai).toMatchObject({ used: 3 });
  });

  it('gets each piece of a stream before the next one is sent', async () => {
    const caseId = newCase('sdk');
    const words = ['one', 'two', 'three'];
    const { body, gates } = gated([...words.map((word) => event(chunk(word))), DONE]);
    world.upstreams.openai.script(caseId, chunked(body));
    const stream = await client(caseId).chat.completions.create({ model: 'gpt-x', messages, stream: true });
    const received: string[] = [];
    for await (const part of stream) {
      received.push(part.choices[0]?.delta.content ?? '');
      gates[received.length - 1]?.open();
    }
    expect(received).toEqual(words);
  });

  it('asks for usage in a stream and gets it', async () => {
    const caseId = newCase('sdk');
    const last = { ...chunk(''), choices: [], usage: completion.usage };
    world.upstreams.openai.script(caseId, chunked([event(chunk('one')), event(last), DONE]));
    const stream = await client(caseId).chat.completions.create({
      model: 'gpt-x',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const parts = await collect(stream);
    expect(parts.at(-1)?.usage).toMatchObject(completion.usage);
  });

  it('may end a stream early', async () => {
    const caseId = newCase('sdk');
    const { body } = gated([event(chunk('one')), DONE]);
    world.upstreams.openai.script(caseId, chunked(body));
    const stream = await client(caseId).chat.completions.create({ model: 'gpt-x', messages, stream: true });
    for await (const part of stream) {
      expect(part.choices[0]?.delta.content).toBe('one');
      break;
    }
    await world.upstreams.openai.request(caseId).aborted;
    expect((await world.gateway.envoy.accessLog.entry(caseId)).flags).toBe('DC');
  });

  it('embeds', async () => {
    const caseId = newCase('sdk');
    const vector = Buffer.from(new Float32Array([0.25, -1]).buffer).toString('base64');
    world.upstreams.openai.script(
      caseId,
      json({
        object: 'list',
        model: 'gpt-x',
        data: [{ object: 'embedding', index: 0, embedding: vector }],
        usage: { prompt_tokens: 4, total_tokens: 4 },
      }),
    );
    const { data, usage } = await client(caseId).embeddings.create({ model: 'gpt-x', input: 'hello' });
    expect([data[0]?.embedding, usage.total_tokens]).toEqual([[0.25, -1], 4]);
  });

  it('completes', async () => {
    const caseId = newCase('sdk');
    const text = {
      id: 't',
      object: 'text_completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, text: 'done', finish_reason: 'stop', logprobs: null }],
    };
    world.upstreams.openai.script(caseId, json(text));
    expect(await client(caseId).completions.create({ model: 'gpt-x', prompt: 'do' })).toMatchObject(text);
  });

  it('lists models', async () => {
    const models = await collect(client(newCase('sdk')).models.list());
    expect(models).toMatchObject([
      { id: 'gpt-x', object: 'model', owned_by: 'tests', created: 1_767_323_045 },
      { id: 'gpt-own' },
    ]);
  });

  it.each([
    [
      'a malformed request',
      BadRequestError,
      'malformed request: "model"',
      async (caseId: string) => client(caseId).chat.completions.create({ model: 4 as unknown as string, messages }),
    ],
    [
      'an unknown model',
      NotFoundError,
      '404',
      async (caseId: string) => client(caseId).chat.completions.create({ model: 'nobody', messages }),
    ],
    [
      'a missing credential',
      AuthenticationError,
      'missing upstream credential',
      async (caseId: string) => client(caseId).chat.completions.create({ model: 'gpt-own', messages }),
    ],
    [
      "a provider's refusal",
      RateLimitError,
      'slow down',
      async (caseId: string) => {
        world.upstreams.openai.script(caseId, json({ error: { message: 'slow down', type: 'requests' } }, 429));
        return client(caseId).chat.completions.create({ model: 'gpt-x', messages });
      },
    ],
  ])('understands what is wrong after %s', async (_, kind, message, ask) => {
    const error = await ask(newCase('sdk')).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(message);
  });
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
