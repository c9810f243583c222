import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, GatewayUnderTest, QUICKSTART } from './gateway-under-test.js';

const directory = mkdtempSync(join(tmpdir(), 'aigw-reload-'));
const config = join(directory, 'gateway.yaml');
const quickstart = readFileSync(QUICKSTART, 'utf8');
let gateway: GatewayUnderTest;

beforeAll(async () => {
  copyFileSync(QUICKSTART, config);
  gateway = await GatewayUnderTest.start(config);
});
afterAll(async () => {
  await gateway.end();
  rmSync(directory, { recursive: true });
});

const withModel = (model: string): string =>
  quickstart.replace('              value: demo-embedding\n', `              value: demo-embedding\n        - headers:\n            - name: x-ai-eg-model\n              value: ${model}\n`);

/** Writes the configuration as editors do, and waits for the word about it. */
async function edit(text: string, word: RegExp): Promise<string> {
  const from = gateway.lines.length;
  writeFileSync(`${config}.new`, text);
  renameSync(`${config}.new`, config);
  return gateway.untilLine(word, from);
}
const APPLIED = /^configuration applied in \d+ ms: /;
const REFUSED = /^configuration not changed: /;

describe('a change of the configuration', () => {
  it('serves a new model within a second, and tells what changed', async () => {
    await expect(gateway.chat('brand-new')).rejects.toMatchObject({ status: 404 });
    const startedMs = performance.now();
    const told = edit(withModel('brand-new'), APPLIED);
    await eventually(() => gateway.chat('brand-new').then(() => true, () => false), 3_000);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect((await told).replace(/\d+ ms/, 'N ms')).toBe('configuration applied in N ms: + model brand-new');
    const { data } = await gateway.client.models.list();
    expect(data.map((model) => model.id)).toContain('brand-new');
  });

  it('takes a model away', async () => {
    expect(await edit(quickstart, APPLIED)).toContain('- model brand-new');
    await expect(gateway.chat('brand-new')).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    ['no YAML', `${quickstart}---\n  a: [\n`, /^.*gateway\.yaml:\d+: .+/],
    ['a backend that does not exist', quickstart.replace('- name: demo-primary\n', '- name: demo-nobody\n'), /^.*gateway\.yaml:\d+: AIGatewayRoute default\/demo: spec\.rules\[0\]\.backendRefs\[0\]/],
    ['an unknown kind', quickstart.replace('kind: BackendTrafficPolicy', 'kind: BackendTraficPolicy'), /^.*gateway\.yaml:\d+: .*did you mean "BackendTrafficPolicy"/],
    ['two Gateways', `${quickstart}---\n${quickstart.split('---')[1]!.replace('name: quickstart', 'name: second')}`, /^.*gateway\.yaml:\d+: Gateway default\/second: multiple gateways are not supported: quickstart/],
  ])('is refused with file and line when it has %s, and changes nothing', async (_, text, problem) => {
    const from = gateway.lines.length;
    await edit(text, REFUSED);
    expect(gateway.lines.slice(from).some((line) => problem.test(line))).toBe(true);
    expect(await gateway.chat('demo-chat')).toContain('demo-primary');
    // The same text as before is no change any more, but ends the error.
    await edit(quickstart, APPLIED);
  });

  it('moves the listener to another port, and refuses one in use', async () => {
    const { admin, listener } = gateway.ports;
    const from = gateway.lines.length;
    await edit(quickstart.replace('${AIGW_PORT:-1975}', String(admin)), REFUSED);
    expect(gateway.lines.slice(from).join('\n')).toContain(`port ${admin} (listener http of Gateway default/quickstart) is in use`);
    expect(await gateway.chat('demo-chat')).toContain('demo-primary');
    expect(listener).not.toBe(admin);
    await edit(quickstart, APPLIED);
  });

  it('leaves a stream that is under way alone', async () => {
    const stream = await gateway.client.chat.completions.create({
      ...{ model: 'demo-chat', stream: true, n: 8 },
      messages: [{ role: 'user', content: 'ping' }],
    });
    let finished = 0;
    let edits: Promise<string> | undefined;
    for await (const chunk of stream) {
      edits ??= edit(withModel('during-stream'), APPLIED);
      if (chunk.choices[0]?.finish_reason === 'stop') finished++;
    }
    expect(finished).toBe(8);
    await edits;
  });

  it('fails no request under load', async () => {
    const failures: unknown[] = [];
    let sent = 0;
    let isOver = false;
    const pending = new Set<Promise<void>>();
    const load = (async () => {
      while (!isOver) {
        sent++;
        const one = gateway.chat('demo-chat').then(
          () => undefined,
          (error: unknown) => void failures.push(error),
        );
        pending.add(one);
        void one.finally(() => pending.delete(one));
        await delay(5);
      }
    })();
    for (let change = 0; change < 20; change++) {
      await edit(withModel(`load-${change}`), APPLIED);
      await delay(200);
    }
    isOver = true;
    await load;
    await Promise.all(pending);
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(200);
  }, 60_000);
});
