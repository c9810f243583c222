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

/** Ways to change the route of the load: what it is known by in Envoy shifts with some of them. */
const ROUTE_CHANGES: readonly ((model: string) => string)[] = [
  withModel,
  // The rule of the load becomes the second one.
  (model) =>
    quickstart.replace(
      '  rules:\n',
      `  rules:\n    - matches: [{ headers: [{ name: x-ai-eg-model, value: ${model} }] }]\n      backendRefs: [{ name: demo-fallback }]\n`,
    ),
  // Its backends change places.
  (model) =>
    withModel(model)
      .replace('- name: demo-primary\n          priority: 0', '- name: demo-fallback\n          priority: 0')
      .replace('- name: demo-fallback\n          priority: 1', '- name: demo-primary\n          priority: 1'),
  // One of them goes.
  (model) => withModel(model).replace('        - name: demo-fallback\n          priority: 1\n', ''),
];

const LOAD_RATE = 200;
const LOAD_MS = 10_000;
const CHANGES = 20;

const untilMs = (timeMs: number): Promise<void> => delay(Math.max(0, timeMs - performance.now()));

/** Chats at a fixed rate, whether or not the earlier ones are answered. */
class Load {
  readonly failures: string[] = [];
  answered = 0;
  readonly #url: string;

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/v1/chat/completions`;
  }

  async run(perSecond: number, durationMs: number): Promise<void> {
    const startedMs = performance.now();
    const requests: Promise<void>[] = [];
    for (let index = 0; index < (perSecond * durationMs) / 1_000; index++) {
      await untilMs(startedMs + (index * 1_000) / perSecond);
      requests.push(this.#ask());
    }
    await Promise.all(requests);
  }

  async #ask(): Promise<void> {
    const body = JSON.stringify({ model: 'demo-chat', messages: [{ role: 'user', content: 'ping' }] });
    try {
      const answer = await fetch(this.#url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      const text = await answer.text();
      if (answer.status === 200 && text.includes('demo-')) this.answered++;
      else this.failures.push(`${answer.status} ${text}`);
    } catch (error) {
      this.failures.push(String((error as Error).cause ?? error));
    }
  }
}

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

  it('fails no request at 200 requests a second', async () => {
    const startedMs = performance.now();
    const load = new Load(gateway.ports.listener);
    const loading = load.run(LOAD_RATE, LOAD_MS);
    for (let change = 0; change < CHANGES; change++) {
      await untilMs(startedMs + (change * LOAD_MS) / CHANGES);
      await edit(ROUTE_CHANGES[change % ROUTE_CHANGES.length]!(`load-${change}`), APPLIED);
    }
    await loading;
    expect(load.failures).toEqual([]);
    expect(load.answered).toBe((LOAD_RATE * LOAD_MS) / 1_000);
  }, 60_000);
});
