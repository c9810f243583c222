import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFileSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { writeAtomically } from '../harness/atomic-write.js';
import { eventually } from '../harness/eventually.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { GatewayUnderTest, QUICKSTART } from './gateway-under-test.js';

const directory = new TemporaryDirectory();
const config = directory.file('gateway.yaml');
const quickstart = readFileSync(QUICKSTART, 'utf8');
let gateway: GatewayUnderTest;

beforeAll(async () => {
  copyFileSync(QUICKSTART, config);
  gateway = await GatewayUnderTest.start(config);
});
afterAll(async () => {
  await gateway.end();
  directory.remove();
});

const LAST_MATCH = '              value: demo-embedding\n';
const withModel = (model: string): string =>
  quickstart.replace(
    LAST_MATCH,
    `${LAST_MATCH}        - headers:\n            - name: x-ai-eg-model\n              value: ${model}\n`,
  );

/** Writes the configuration as editors do, and waits for the word about it. */
function edit(text: string, word: RegExp): Promise<string> {
  const from = gateway.lines.length;
  writeAtomically(config, text);
  return gateway.line(word, from);
}
const APPLIED = /^configuration applied in \d+ ms: /;
const REFUSED = /^configuration not changed: /;

describe('a change of the configuration', () => {
  it('serves a new model within a second, and tells what changed', async () => {
    await expect(gateway.chat('brand-new')).rejects.toMatchObject({ status: 404 });
    const startedMs = performance.now();
    const told = edit(withModel('brand-new'), APPLIED);
    await eventually('an answer of the new model', () => gateway.chat('brand-new'), 3_000);
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
    ['no YAML', `${quickstart}---\n  a: [\n`, /gateway\.yaml:\d+: ./],
    [
      'a backend that does not exist',
      quickstart.replace('- name: demo-primary\n', '- name: demo-nobody\n'),
      /gateway\.yaml:\d+: AIGatewayRoute default\/demo: spec\.rules\[0\]\.backendRefs\[0\]/,
    ],
    [
      'an unknown kind',
      quickstart.replace('kind: BackendTrafficPolicy', 'kind: BackendTraficPolicy'),
      /gateway\.yaml:\d+: .*did you mean "BackendTrafficPolicy"/,
    ],
    [
      'two Gateways',
      `${quickstart}---\n${quickstart.split('---\n')[1]!.replace('name: quickstart', 'name: second')}`,
      /gateway\.yaml:\d+: Gateway default\/second: multiple gateways are not supported: quickstart/,
    ],
    ['no Gateway', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n', /gateway\.yaml:1: there is no Gateway; /],
  ])('is refused with file and line when it has %s, and changes nothing', async (_, text, problem) => {
    const from = gateway.lines.length;
    await edit(text, REFUSED);
    expect(gateway.lines.slice(from).filter((line) => problem.test(line))).toHaveLength(1);
    expect(await gateway.chat('demo-chat')).toContain('demo-primary');
    await edit(quickstart, APPLIED);
  });

  it('is refused when a new listener wants a port in use', async () => {
    const { admin } = gateway.ports;
    const text = quickstart.replace('${AIGW_PORT:-1975}', String(admin));
    expect(await edit(text, REFUSED)).toBe(
      `configuration not changed: port ${admin} (listener http of Gateway default/quickstart) is in use: stop the program that has it, or change \`port\` of the listener`,
    );
    expect(await gateway.chat('demo-chat')).toContain('demo-primary');
    await edit(quickstart, APPLIED);
  });

  it('leaves a stream that is under way alone', async () => {
    let finished = 0;
    let edits: Promise<string> | undefined;
    for await (const chunk of await gateway.longStream()) {
      edits ??= edit(withModel('during-stream'), APPLIED);
      if (chunk.choices[0]?.finish_reason === 'stop') finished++;
    }
    expect(finished).toBe(8);
    await expect(edits).resolves.toContain('+ model during-stream');
  });

  it('fails no request under load', async () => {
    const failures: unknown[] = [];
    const ending = new AbortController();
    const requests: Promise<void>[] = [];
    const load = (async () => {
      while (!ending.signal.aborted) {
        const request = gateway.chat('demo-chat').then(
          () => undefined,
          (error: unknown) => void failures.push(error),
        );
        requests.push(request);
        await delay(5);
      }
    })();
    for (let change = 0; change < 20; change++) {
      await edit(withModel(`load-${change}`), APPLIED);
      await delay(200);
    }
    ending.abort();
    await load;
    await Promise.all(requests);
    expect(failures).toEqual([]);
    expect(requests.length).toBeGreaterThan(200);
  }, 60_000);
});
