import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { writeAtomically } from '../harness/atomic-write.js';
import { eventually } from '../harness/eventually.js';
import { freePort } from '../harness/free-port.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { GatewayUnderTest, QUICKSTART } from './gateway-under-test.js';

/*
 * How people and programs edit the configuration: `link` points into another directory, as in a mounted ConfigMap.
 */
const directory = new TemporaryDirectory();
const target = directory.file('mounted/gateway.yaml');
const quickstart = readFileSync(QUICKSTART, 'utf8');
let gateway: GatewayUnderTest;

beforeAll(async () => {
  mkdirSync(directory.file('mounted'));
  mkdirSync(directory.file('links'));
  copyFileSync(QUICKSTART, target);
  symlinkSync(target, directory.file('links/gateway.yaml'));
  gateway = await GatewayUnderTest.start(directory.file('links/gateway.yaml'));
});
afterAll(async () => {
  await gateway.end();
  directory.remove();
});
let from = 0;
beforeEach(() => void (from = gateway.lines.length));

const withModel = (model: string): string => quickstart.replace('value: demo-embedding', `value: ${model}`);
const APPLIED = /^configuration applied in \d+ ms: /;
/** Lines about the configuration since the test began, without durations. */
const told = (): string[] => gateway.lines.slice(from).map((line) => line.replace(APPLIED, 'applied: '));
const reverted = async (): Promise<void> => {
  const start = gateway.lines.length;
  writeAtomically(target, quickstart);
  await gateway.line(APPLIED, start);
};

describe('the configuration file', () => {
  it('is read again when what a link points to is replaced', async () => {
    const startedMs = performance.now();
    writeAtomically(target, withModel('replaced'));
    await gateway.line(/\+ model replaced/, from);
    // Sooner than the poll, which would find it too.
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(await gateway.chat('replaced')).toContain('demo-primary');
  });

  it('is read again when it is written in place', async () => {
    writeFileSync(target, withModel('in-place'));
    await gateway.line(/\+ model in-place/, from);
    expect(await gateway.chat('in-place')).toContain('demo-primary');
  });

  it('is taken as it is in the end when two edits follow each other', async () => {
    writeAtomically(target, withModel('first'));
    writeAtomically(target, withModel('second'));
    await gateway.line(/\+ model second/, from);
    await eventually('an answer', () => gateway.chat('second'));
    await expect(gateway.chat('in-place')).rejects.toMatchObject({ status: 404 });
  });

  it('may change in comments without a word', async () => {
    writeAtomically(target, `# A comment.\n${withModel('second')}`);
    // Nothing tells that it was read. A second edit comes long enough after it not to be taken together with it.
    await delay(200);
    writeAtomically(target, `# A comment.\n${withModel('third')}`);
    await gateway.line(/\+ model third/, from);
    expect(told()).toEqual(['applied: + model third; - model second']);
  });

  it('may go away and come back', async () => {
    renameSync(target, `${target}.away`);
    await gateway.line(/^configuration not changed: /, from);
    renameSync(`${target}.away`, target);
    await gateway.line(APPLIED, from);
    expect(told()).toEqual([
      `configuration not changed: cannot read resources from "${directory.file('links/gateway.yaml')}": there is no such file or directory; correct the path`,
      'applied: nothing changed',
    ]);
    await reverted();
  });

  it('moves the listener to another port', async () => {
    const port = await freePort();
    writeAtomically(target, quickstart.replace('${AIGW_PORT:-1975}', String(port)));
    await gateway.line(APPLIED, from);
    expect(told()).toEqual([
      `applied: + listener http (HTTP ${port}); - listener http (HTTP ${gateway.ports.listener})`,
    ]);
    const ask = (at: number) => fetch(`http://127.0.0.1:${at}/v1/models`).then((answer) => answer.status);
    expect(await ask(port)).toBe(200);
    await eventually('the old port to be closed', () =>
      ask(gateway.ports.listener).then(
        () => false,
        () => true,
      ),
    );
    await reverted();
    expect(await ask(gateway.ports.listener)).toBe(200);
  });

  it('sets the log levels of Envoy', async () => {
    const proxy = `
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: { name: proxy }
spec: { logging: { level: { default: warn, upstream: info } } }
`;
    const withProxy = quickstart.replace(
      'gatewayClassName: quickstart\n',
      'gatewayClassName: quickstart\n  infrastructure: { parametersRef: { group: gateway.envoyproxy.io, kind: EnvoyProxy, name: proxy } }\n',
    );
    writeAtomically(target, withProxy + proxy);
    await gateway.line(APPLIED, from);
    expect(told()).toEqual(['applied: settings changed']);
    const levels = await gateway.envoyAdmin('/logging', 'POST');
    expect(levels).toMatch(/^ {2}upstream: info$/m);
    expect(levels).toMatch(/^ {2}router: warning$/m);
    await reverted();
    expect(await gateway.envoyAdmin('/logging', 'POST')).toMatch(/^ {2}upstream: error$/m);
  });

  it('is refused as long as it has no Gateway, and tells an old warning only once', async () => {
    const old = quickstart.replace('aigateway.envoyproxy.io/v1beta1', 'aigateway.envoyproxy.io/v1alpha1');
    writeAtomically(target, old);
    await gateway.line(/v1alpha1 AIGatewayRoute is deprecated/, from);
    writeAtomically(target, old.replace(/apiVersion: gateway.networking.k8s.io\/v1\nkind: Gateway\n[^]*?---\n/, ''));
    await gateway.line(/^configuration not changed: /, from);
    writeAtomically(target, `# Moved down.\n${old}`);
    await gateway.line(APPLIED, from);
    expect(told().filter((line) => line.includes('is deprecated'))).toHaveLength(1);
    expect(told().at(-1)).toBe('applied: nothing changed');
    rmSync(`${target}.partial`, { force: true });
  });
});
