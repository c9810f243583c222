import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePorts, GatewayUnderTest, isAlive, QUICKSTART } from './gateway-under-test.js';

const gateways: GatewayUnderTest[] = [];
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.end()));
});
async function started(): Promise<GatewayUnderTest> {
  const gateway = await GatewayUnderTest.start(QUICKSTART);
  gateways.push(gateway);
  return gateway;
}
async function spawned(config: string, ports = {}): Promise<GatewayUnderTest> {
  const gateway = await GatewayUnderTest.spawn(config, ports);
  gateways.push(gateway);
  return gateway;
}

describe('aigw run', () => {
  it('lets a stream end after SIGTERM, takes no new connection, and leaves nothing behind', async () => {
    const gateway = await started();
    const { envoy, extproc } = gateway.parts;
    const stream = await gateway.client.chat.completions.create({
      ...{ model: 'demo-chat', stream: true, n: 8 },
      messages: [{ role: 'user', content: 'ping' }],
    });
    let finished = 0;
    let refused: Promise<unknown> | undefined;
    for await (const chunk of stream) {
      if (!refused) {
        gateway.child.kill('SIGTERM');
        refused = eventually(() => fetch(`http://127.0.0.1:${gateway.ports.listener}/`).then(() => false, () => true));
      }
      if (chunk.choices[0]?.finish_reason === 'stop') finished++;
    }
    expect(finished).toBe(8);
    await expect(refused).resolves.toBeUndefined();
    expect(await gateway.exit()).toBe(0);
    expect([isAlive(envoy), isAlive(extproc)]).toEqual([false, false]);
    expect(existsSync(join(gateway.home, 'run', 'test'))).toBe(false);
    expect(gateway.lines.at(-1)).toBe('stopped');
  });

  it('ends at once on the second signal', async () => {
    const gateway = await started();
    const { envoy, extproc } = gateway.parts;
    await gateway.demo('slow?ms=60000');
    const request = gateway.chat('demo-chat').catch(() => 'cut');
    await eventually(async () => (await activeRequests(gateway)) > 0);
    gateway.child.kill('SIGINT');
    await gateway.untilLine(/^stopping: /);
    gateway.child.kill('SIGINT');
    expect(await gateway.exit()).toBe(130);
    expect(await request).toBe('cut');
    expect([isAlive(envoy), isAlive(extproc)]).toEqual([false, false]);
  });

  it('leaves no orphan when it is killed', async () => {
    const gateway = await started();
    const { envoy, extproc } = gateway.parts;
    gateway.child.kill('SIGKILL');
    await gateway.exit();
    await eventually(() => !isAlive(envoy) && !isAlive(extproc), 8_000);
    expect([isAlive(envoy), isAlive(extproc)]).toEqual([false, false]);
  });

  it('names the ports in use and what to do, and starts nothing', async () => {
    const [listener] = (await freePorts(1)) as [number];
    const blocker = createServer().listen(listener);
    await once(blocker, 'listening');
    const gateway = await spawned(QUICKSTART, { listener, admin: listener });
    expect(await gateway.exit()).toBe(1);
    blocker.close();
    expect(gateway.lines.map((line) => line.replace(/^[\d/]+ [\d:]+ /, ''))).toEqual([
      `Error running: port ${listener} (health and metrics) is in use: stop the program that has it, or set --admin-port`,
      `port ${listener} (listener http of Gateway default/quickstart) is in use: stop the program that has it, or change \`port\` of the listener`,
    ]);
  });

  it('refuses a broken file at the start with file and line', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'aigw-broken-'));
    const file = join(directory, 'broken.yaml');
    writeFileSync(file, 'apiVersion: v1\nkind: [\n');
    const gateway = await spawned(file);
    expect(await gateway.exit()).toBe(1);
    rmSync(directory, { recursive: true });
    expect(gateway.lines.join('\n')).toMatch(/broken\.yaml:\d+: /);
  });

  it('is a usage error when there is nothing to run', async () => {
    const gateway = await spawned('--');
    expect(await gateway.exit()).toBe(80);
    expect(gateway.lines).toEqual([
      'aigw: error: run: you must supply at least OPENAI_API_KEY, AZURE_OPENAI_API_KEY, ANTHROPIC_API_KEY, or a config file path',
    ]);
  });
});

async function activeRequests(gateway: GatewayUnderTest): Promise<number> {
  const { readFileSync } = await import('node:fs');
  const address = readFileSync(join(gateway.home, 'run', 'test', 'admin-address.txt'), 'utf8');
  const text = await (await fetch(`http://${address}/stats?filter=http-${gateway.ports.listener}.downstream_rq_active`)).text();
  return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
}
