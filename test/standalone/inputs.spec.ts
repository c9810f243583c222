import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { freePort } from '../harness/free-port.js';
import { send } from '../harness/http-client.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { GatewayUnderTest, QUICKSTART, type RunOptions } from './gateway-under-test.js';
import { authority, pair } from './translator-world.js';

const directory = new TemporaryDirectory();
const quickstart = readFileSync(QUICKSTART, 'utf8');
const gateways: GatewayUnderTest[] = [];
afterAll(() => directory.remove());

async function started(config: string, given: RunOptions = {}): Promise<GatewayUnderTest> {
  const gateway = await GatewayUnderTest.start(config, given);
  gateways.push(gateway);
  return gateway;
}
const endAll = () => Promise.all(gateways.splice(0).map((gateway) => gateway.end()));

describe('a directory with an HTTPS listener', () => {
  const folder = directory.file('config');
  let gateway: GatewayUnderTest;
  let https: number;
  beforeAll(async () => {
    https = await freePort();
    mkdirSync(folder);
    mkdirSync(`${folder}/deeper`);
    const listener = `    - name: https
      protocol: HTTPS
      port: ${https}
      hostname: llm.example.com
      tls: { certificateRefs: [{ name: pair }] }
`;
    writeFileSync(`${folder}/1-gateway.yaml`, quickstart.replace('  listeners:\n', `  listeners:\n${listener}`));
    writeFileSync(`${folder}/2-secret.yml`, secretWith(pair));
    writeFileSync(`${folder}/readme.txt`, 'no: [yaml');
    writeFileSync(`${folder}/deeper/other.yaml`, 'no: [yaml');
    gateway = await started(folder);
  });
  afterAll(endAll);

  it('serves TLS with the certificate of the Secret', async () => {
    expect(gateway.lines.join('\n')).toContain(
      `  listener  https                  HTTPS ${https} for llm.example.com\n`,
    );
    expect(await chatOverTls(https)).toMatchObject({ status: 200, body: expect.stringContaining('demo-primary') });
  });

  it('reads a file that is added, and refuses a Secret that gets useless', async () => {
    const from = gateway.lines.length;
    const [, route] = /---\n(apiVersion: aigateway[^]*?kind: AIGatewayRoute[^]*?)---\n/.exec(quickstart)!;
    writeFileSync(
      `${folder}/3-route.yaml`,
      route!.replace('name: demo\n', 'name: added\n').replaceAll(/value: demo-\w+/g, 'value: added-model'),
    );
    await gateway.line(/\+ route default\/added; \+ model added-model$/, from);
    expect(await gateway.chat('added-model')).toContain('demo-primary');

    writeFileSync(`${folder}/2-secret.yml`, secretWith({ ...pair, 'tls.key': 'lost' }));
    await gateway.line(/^configuration not changed: /, from);
    expect(gateway.lines.slice(from)).toContainEqual(
      expect.stringMatching(
        /1-gateway\.yaml:\d+: Gateway default\/quickstart: spec\.listeners\[0\]\.tls\.certificateRefs\[0\]: Secret default\/pair cannot be used for TLS: tls\.key is not an unencrypted PEM private key/,
      ),
    );
    expect(await chatOverTls(https)).toMatchObject({ status: 200 });
  });
});

describe('aigw run', () => {
  afterEach(endAll);

  it('reads standard input, once', async () => {
    const file = directory.file('stdin.yaml');
    copyFileSync(QUICKSTART, file);
    const gateway = await started('-', { stdin: file });
    expect(await gateway.chat('demo-chat')).toContain('demo-primary');
    const broken = directory.file('broken.yaml');
    writeFileSync(broken, 'kind: [\n');
    const refused = await GatewayUnderTest.spawn('-', { stdin: broken });
    gateways.push(refused);
    expect((await refused.process.ended).code).toBe(1);
    expect(refused.lines[0]).toMatch(/^\(stdin\):\d: found text that is not valid YAML: /);
  });

  it('shows the logs of all parts with --debug, and no credential', async () => {
    const gateway = await started(QUICKSTART, { flags: ['--debug'] });
    const answer = await send(gateway.ports.listener, '/v1/chat/completions', {
      body: { model: 'demo-chat', messages: [{ role: 'user', content: 'ping' }] },
      headers: { authorization: 'Bearer hidden', 'x-api-key': 'hidden' },
    });
    expect(answer.status).toBe(200);
    // What Envoy writes when it ends is shown too.
    gateway.process.signal('SIGTERM');
    await gateway.process.ended;
    const shown = gateway.lines.join('\n');
    expect(shown).toContain('"gen_ai.request.model":"demo-chat"');
    expect(shown).toContain('][debug][');
    expect(shown).toContain('level=DEBUG');
    expect(shown).not.toContain('hidden');
    expect(gateway.lines.filter((line) => line.includes('listening on http'))).toHaveLength(1);
  });
});

const secretWith = (stringData: Readonly<Record<string, string>>): string =>
  stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pair' }, type: 'kubernetes.io/tls', stringData });

async function chatOverTls(port: number): Promise<{ readonly status: number; readonly body: string }> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    servername: 'llm.example.com',
    ca: authority,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { host: 'llm.example.com', 'content-type': 'application/json' },
    agent: false,
  });
  outgoing.end(JSON.stringify({ model: 'demo-chat', messages: [{ role: 'user', content: 'ping' }] }));
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}
