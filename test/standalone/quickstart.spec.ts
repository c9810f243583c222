import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { eventually } from '../harness/eventually.js';
import { GatewayUnderTest, isAlive, QUICKSTART } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => void (gateway = await GatewayUnderTest.start(QUICKSTART)));
afterAll(() => gateway.end());
beforeEach(() => gateway.demo('recover'));

const messages = [{ role: 'user' as const, content: 'ping' }];

describe('the quickstart', () => {
  it('tells where it listens, what it routes and how to try it', () => {
    const { listener, demoFallback, demoPrimary } = gateway.ports;
    const report = gateway.lines.join('\n');
    expect(report).toMatch(
      new RegExp(
        `^Envoy AI Gateway listening on http://localhost:${listener} \\(admin http://localhost:\\d+\\) after [\\d.m]+s$`,
        'm',
      ),
    );
    expect(report).toContain(`  listener  http                   HTTP ${listener}\n`);
    expect(report).toContain(
      '  route     default/demo           demo-chat, demo-embedding → default/demo-primary, default/demo-fallback\n',
    );
    expect(report).toContain(`  backend   default/demo-primary   OpenAI at 127.0.0.1:${demoPrimary}\n`);
    expect(report).toContain(`  curl -s http://localhost:${listener}/v1/chat/completions`);
    expect(report).toContain(`  curl -X POST http://localhost:${demoFallback}/demo/primary/stop`);
  });

  it('answers a chat', async () => {
    expect(await gateway.chat('demo-chat')).toBe('Hello from demo-primary, speaking as demo-chat. You said: ping');
  });

  it('streams a chat with usage', async () => {
    const stream = await gateway.client.chat.completions.create({
      model: 'demo-chat',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(text).toBe('Hello from demo-primary, speaking as demo-chat. You said: ping');
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 1, completion_tokens: 16 });
  });

  it('answers embeddings and lists models', async () => {
    const embeddings = await gateway.client.embeddings.create({ model: 'demo-embedding', input: 'x', dimensions: 8 });
    expect(embeddings.data[0]?.embedding).toHaveLength(8);
    const models = await gateway.client.models.list();
    expect(models.data.map((model) => model.id)).toEqual(['demo-chat', 'demo-embedding']);
  });

  it('answers 404 when no route has the model', async () => {
    await expect(gateway.chat('other')).rejects.toMatchObject({ status: 404 });
  });

  it.each(['stop', 'fail?status=503', 'fail?status=429'])(
    'falls back to the second provider after %s of the first',
    async (trouble) => {
      await gateway.demo(trouble);
      expect(await gateway.chat('demo-chat')).toContain('demo-fallback');
      const stream = await gateway.client.chat.completions.create({ model: 'demo-chat', messages, stream: true });
      let text = '';
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      expect(text).toContain('demo-fallback');
    },
  );

  it('writes an access log with token counts', async () => {
    await gateway.chat('demo-chat');
    const log = await eventually('a line with tokens in the access log', () => {
      const text = readFileSync(gateway.runFile('stdout.log'), 'utf8');
      return text.includes('"gen_ai.usage.output_tokens":16') && text;
    });
    expect(log).toContain('"gen_ai.request.model":"demo-chat"');
  });

  it('is healthy for the healthcheck', async () => {
    expect(await gateway.cli('healthcheck')).toEqual({ code: 0, lines: [] });
    expect(await gateway.cli('healthcheck', '--run-id', 'none')).toEqual({
      code: 1,
      lines: [expect.stringContaining('Health check failed: Envoy is not ready')],
    });
  });

  it('refuses a second run of the same id', async () => {
    const { code, lines } = await gateway.cli('run', '--run-id=test', QUICKSTART);
    expect(code).toBe(1);
    expect(lines[0]).toContain('a gateway with the run id "test" runs already; end it, or set --run-id');
    expect(await gateway.chat('demo-chat')).toContain('demo-');
  });

  it.each(['envoy', 'extproc'] as const)('starts %s again when it is killed, and serves on', async (part) => {
    const before = gateway.parts[part];
    const from = gateway.lines.length;
    process.kill(before, 'SIGKILL');
    await gateway.line(/is ready again$/, from);
    expect(isAlive(before)).toBe(false);
    await eventually('an answer', () => gateway.chat('demo-chat'));
    expect(gateway.parts[part]).not.toBe(before);
  });
});
