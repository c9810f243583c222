import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { demoPorts, DemoPair, usesDemo } from './demo-pair.js';

const pair = new DemoPair({ primary: 0, fallback: 0 }, 0);
const clientOf = (port: number) =>
  new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0, timeout: 5_000 });
const control = async (command: string, method = 'POST') => {
  const response = await fetch(`http://127.0.0.1:${pair.fallback.port}/demo${command}`, { method });
  return { status: response.status, body: await response.json() };
};
let client: OpenAI;

beforeAll(async () => {
  await pair.start();
  client = clientOf(pair.primary.port);
});
afterAll(() => pair.stop());

const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'ping' },
] as const;

describe('demo provider', () => {
  it('answers a chat and names the instance, with countable usage', async () => {
    const answer = await client.chat.completions.create({ model: 'm', messages: [...messages] });
    expect(answer.choices[0]?.message.content).toBe('Hello from demo-primary, speaking as m. You said: ping');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.system_fingerprint).toBe('demo-primary');
    expect(answer.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 14, total_tokens: 18 });
  });

  it('gives equal bytes for equal requests', async () => {
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${pair.primary.port}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'm', messages }),
      });
      return response.text();
    };
    expect(await ask()).toBe(await ask());
  });

  it('streams the same text in several deltas, with usage last when asked for', async () => {
    const stream = await client.chat.completions.create({
      model: 'm',
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const deltas = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').filter((text) => text !== '');
    expect(deltas.length).toBeGreaterThan(5);
    expect(deltas.join('')).toBe('Hello from demo-primary, speaking as m. You said: ping');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 14 } });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('streams no usage when it is not asked for', async () => {
    const stream = await client.chat.completions.create({ model: 'm', messages: [...messages], stream: true });
    for await (const chunk of stream) expect(chunk).not.toHaveProperty('usage');
  });

  it('cuts the answer when a token limit is given', async () => {
    const answer = await client.chat.completions.create({
      model: 'm',
      messages: [...messages],
      max_completion_tokens: 2,
    });
    expect(answer.choices[0]).toMatchObject({ message: { content: 'Hello from' }, finish_reason: 'length' });
  });

  it('answers completions', async () => {
    const answer = await client.completions.create({ model: 'm', prompt: ['a', 'b'] });
    expect(answer.choices.map((choice) => choice.text)).toEqual([
      'Hello from demo-primary, speaking as m. You said: a',
      'Hello from demo-primary, speaking as m. You said: b',
    ]);
  });

  it.each(['float', 'base64'] as const)('gives deterministic unit vectors as %s', async (encoding_format) => {
    const ask = () => client.embeddings.create({ model: 'm', input: ['x', 'y'], dimensions: 12, encoding_format });
    const [first, second] = [await ask(), await ask()];
    expect(first).toEqual(second);
    const vectorOf = (value: unknown) =>
      typeof value === 'string'
        ? [...new Float32Array(new Uint8Array(Buffer.from(value, 'base64')).buffer)]
        : (value as number[]);
    const [x, y] = first.data.map((one) => vectorOf(one.embedding));
    expect(x).toHaveLength(12);
    expect(Math.hypot(...x!)).toBeCloseTo(1, 5);
    expect(x).not.toEqual(y);
    expect(first.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
  });

  it('lists models', async () => {
    const { data } = await client.models.list();
    expect(data.map((model) => model.id)).toEqual(['demo-chat', 'demo-embedding']);
  });

  it.each([
    ['no JSON', 'chat/completions', '{', 'the body is not valid JSON', null],
    ['a list', 'chat/completions', '[]', 'the body must be a JSON object', null],
    ['no model', 'chat/completions', '{}', 'you must provide a "model"', 'model'],
    [
      'no messages',
      'chat/completions',
      '{"model":"m"}',
      '"messages" must be a list with at least one message',
      'messages',
    ],
    [
      'a bad message',
      'chat/completions',
      '{"model":"m","messages":[1]}',
      '"messages[0]" must be an object with a "role"',
      'messages[0].role',
    ],
    [
      'a bad flag',
      'chat/completions',
      '{"model":"m","messages":[{"role":"user"}],"stream":1}',
      '"stream" must be true or false',
      'stream',
    ],
    [
      'too many choices',
      'chat/completions',
      '{"model":"m","messages":[{"role":"user"}],"n":9}',
      '"n" must be an integer from 1 to 8',
      'n',
    ],
    ['no prompt', 'completions', '{"model":"m"}', '"prompt" must be a string or a list of strings', 'prompt'],
    [
      'no input',
      'embeddings',
      '{"model":"m"}',
      '"input" must be a text, a list of at most 2048 texts, or lists of tokens',
      'input',
    ],
    [
      'no dimensions',
      'embeddings',
      '{"model":"m","input":"x","dimensions":0}',
      '"dimensions" must be an integer from 1 to 4096',
      'dimensions',
    ],
    [
      'a bad format',
      'embeddings',
      '{"model":"m","input":"x","encoding_format":"hex"}',
      '"encoding_format" must be "float" or "base64"',
      'encoding_format',
    ],
  ])('refuses a request with %s', async (_, path, body, message, param) => {
    const response = await fetch(`http://127.0.0.1:${pair.primary.port}/v1/${path}`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: { message, type: 'invalid_request_error', param, code: null } });
  });

  it('answers 404 for what it does not have', async () => {
    const response = await fetch(`http://127.0.0.1:${pair.primary.port}/v1/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { message: 'no such endpoint: GET /v1/nothing' } });
  });
});

describe('demo control', () => {
  const ask = () => client.chat.completions.create({ model: 'm', messages: [...messages] });

  it('makes the primary fail with a status, and recover', async () => {
    expect(await control('/primary/fail?status=429')).toEqual({ status: 200, body: { primary: 'failing with 429' } });
    await expect(ask()).rejects.toMatchObject({ status: 429 });
    expect(await control('/primary/recover')).toEqual({ status: 200, body: { primary: 'serving' } });
    await expect(ask()).resolves.toMatchObject({ system_fingerprint: 'demo-primary' });
  });

  it('closes the port of the primary and opens the same one again', async () => {
    const { port } = pair.primary;
    expect(await control('/primary/stop')).toEqual({ status: 200, body: { primary: 'stopped' } });
    await expect(ask()).rejects.toMatchObject({ name: 'Error', cause: expect.anything() });
    expect(await control('/primary/start')).toEqual({ status: 200, body: { primary: 'serving' } });
    expect(pair.primary.port).toBe(port);
    await expect(ask()).resolves.toMatchObject({ system_fingerprint: 'demo-primary' });
  });

  it('delays the primary', async () => {
    expect(await control('/primary/slow?ms=40')).toEqual({ status: 200, body: { primary: 'slow by 40 ms' } });
    const startedMs = performance.now();
    await ask();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(35);
    await control('/primary/recover');
  });

  it.each([
    ['/primary/fail?status=200', 'POST', 400, '"status" must be a number from 400 to 599'],
    ['/primary/fail?status=x', 'POST', 400, '"status" must be a number from 400 to 599'],
    ['/primary/slow?ms=-1', 'POST', 400, '"ms" must be a number from 0 to 600000'],
    ['/primary/explode', 'POST', 404, 'use GET /demo or POST /demo/primary/{fail,slow,stop,start,recover}'],
    ['/primary/stop', 'GET', 404, 'use GET /demo or POST /demo/primary/{fail,slow,stop,start,recover}'],
  ])('refuses %s by %s', async (command, method, status, message) => {
    expect(await control(command, method)).toMatchObject({ status, body: { error: { message } } });
  });

  it('tells the state', async () => {
    expect(await control('', 'GET')).toEqual({ status: 200, body: { primary: 'serving' } });
  });

  it('says which port is taken and what to do when it cannot start', async () => {
    const second = new DemoPair({ primary: pair.primary.port, fallback: 0 });
    await expect(second.start()).rejects.toThrow(
      `port ${pair.primary.port} of the demo provider demo-primary is in use: stop the program that has it, or set AIGW_DEMO_PRIMARY_PORT to a free port`,
    );
  });
});

describe('demo ports', () => {
  it('come from the environment, else are 1976 and 1977', () => {
    expect(demoPorts({})).toEqual({ primary: 1976, fallback: 1977 });
    expect(demoPorts({ AIGW_DEMO_PRIMARY_PORT: '', AIGW_DEMO_FALLBACK_PORT: '9' })).toEqual({
      primary: 1976,
      fallback: 9,
    });
  });

  it.each(['x', '0', '65536', '1.5'])('refuse %s', (text) => {
    expect(() => demoPorts({ AIGW_DEMO_PRIMARY_PORT: text })).toThrow(
      `AIGW_DEMO_PRIMARY_PORT is "${text}"; expected a port from 1 to 65535`,
    );
  });

  it('are needed by a text that names them', () => {
    expect(usesDemo('port: ${AIGW_DEMO_FALLBACK_PORT}')).toBe(true);
    expect(usesDemo('port: 80')).toBe(false);
  });
});
