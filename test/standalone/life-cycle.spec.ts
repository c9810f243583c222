import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { GatewayUnderTest, isAlive, QUICKSTART, type Ports } from './gateway-under-test.js';

const gateways: GatewayUnderTest[] = [];
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.end()));
});
async function started(): Promise<GatewayUnderTest> {
  const gateway = await GatewayUnderTest.start(QUICKSTART);
  gateways.push(gateway);
  return gateway;
}
async function spawned(config: string, ports: Partial<Ports> = {}): Promise<GatewayUnderTest> {
  const gateway = await GatewayUnderTest.spawn(config, { ports });
  gateways.push(gateway);
  return gateway;
}

describe('aigw run', () => {
  it('lets a stream end after SIGTERM, takes no new connection, and leaves nothing behind', async () => {
    const gateway = await started();
    const { envoy, extproc } = gateway.parts;
    const isRefused = () =>
      fetch(`http://127.0.0.1:${gateway.ports.listener}/`).then(
        () => false,
        () => true,
      );
    let finished = 0;
    let refused: Promise<boolean> | undefined;
    for await (const chunk of await gateway.longStream()) {
      if (!refused) {
        gateway.process.signal('SIGTERM');
        refused = eventually('a refused connection', isRefused);
      }
      if (chunk.choices[0]?.finish_reason === 'stop') finished++;
    }
    expect(finished).toBe(8);
    expect(await refused).toBe(true);
    expect(await gateway.process.ended).toEqual({ code: 0, signal: null });
    expect([isAlive(envoy), isAlive(extproc)]).toEqual([false, false]);
    expect(existsSync(gateway.runtimeDirectory)).toBe(false);
    expect(gateway.lines.at(-1)).toBe('stopped');
  });

  it('ends at once on the second signal', async () => {
    const gateway = await started();
    const { envoy, extproc } = gateway.parts;
    await gateway.demo('slow?ms=60000');
    const request = gateway.chat('demo-chat').catch(() => 'cut');
    const stat = `http.http-${gateway.ports.listener}.downstream_rq_active`;
    await eventually('a request under way', async () => {
      const text = await gateway.envoyAdmin(`/stats?filter=${stat}`);
      return text.includes(`${stat}: 1`);
    });
    gateway.process.signal('SIGINT');
    await gateway.line(/^stopping: /);
    gateway.process.signal('SIGINT');
    expect(await gateway.process.ended).toEqual({ code: 130, signal: null });
    expect(await request).toBe('cut');
    expect([isAlive(envoy), isAlive(extproc)]).toEqual([false, false]);
  });

  it('leaves no orphan when it is killed', async () => {
    const gateway = await started();
    const { envoy, extproc } = gateway.parts;
    gateway.process.signal('SIGKILL');
    await gateway.process.ended;
    await eventually('the end of both parts', () => !isAlive(envoy) && !isAlive(extproc));
    expect([isAlive(envoy), isAlive(extproc)]).toEqual([false, false]);
  });

  it('names the ports in use and what to do, and starts nothing', async () => {
    const listener = await freePort();
    const blocker = createServer().listen(listener);
    await once(blocker, 'listening');
    const gateway = await spawned(QUICKSTART, { listener, admin: listener });
    expect(await gateway.process.ended).toEqual({ code: 1, signal: null });
    blocker.close();
    expect(gateway.lines.map((line) => line.replace(/^[\d/]+ [\d:]+ /, ''))).toEqual([
      `Error running: port ${listener} (health and metrics) is in use: stop the program that has it, or set --admin-port`,
      `port ${listener} (listener http of Gateway default/quickstart) is in use: stop the program that has it, or set AIGW_PORT to another port`,
    ]);
  });

  it('refuses a broken file at the start with file and line', async () => {
    const directory = new TemporaryDirectory();
    const file = directory.file('broken.yaml');
    writeFileSync(file, 'apiVersion: v1\nkind: [\n');
    const gateway = await spawned(file);
    expect(await gateway.process.ended).toEqual({ code: 1, signal: null });
    directory.remove();
    expect(gateway.lines.join('\n')).toMatch(/broken\.yaml:\d+: /);
    expect(gateway.lines.at(-1)).toContain('Error running: the configuration cannot be used; see above');
  });

  it('is a usage error when there is nothing to run', async () => {
    const gateway = await spawned('--');
    expect(await gateway.process.ended).toEqual({ code: 80, signal: null });
    expect(gateway.lines).toEqual([
      'aigw: error: run: you must supply at least OPENAI_API_KEY, AZURE_OPENAI_API_KEY, ANTHROPIC_API_KEY, or a config file path',
    ]);
  });
});
