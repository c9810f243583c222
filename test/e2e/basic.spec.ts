import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import type { AIGatewayRoute, AIGatewayRouteRule } from '../../src/shared/api/ai-gateway.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { newCase } from '../harness/case-id.js';
import { isTrue } from '../harness/kube/test-gateway-objects.js';
import { openaiClient } from '../harness/sdk-clients.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { TOLD_USAGE, toldAnswer } from '../harness/told-answers.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

const run = promisify(execFile);
const EXAMPLE = 'examples/basic/basic.yaml';
/** A change is to be in force within about a second; a busy machine gets more. */
const CHANGE_MS = 5_000;

const ROUTE = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  namespace: 'default',
  name: 'basic',
};

const HTTP_ROUTE = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  namespace: 'default',
  name: 'basic',
};

interface Conditioned extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

interface Event extends KubeObject {
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly type: string;
}

const RULE = { name: 'x-ai-eg-model' };
const ruleFor = (...models: readonly string[]): AIGatewayRouteRule => ({
  matches: models.map((value) => ({ headers: [{ ...RULE, value }] })),
  backendRefs: [{ name: 'basic-openai' }],
});

describe('examples/basic on a cluster', () => {
  const directory = new TemporaryDirectory();
  let world: E2eWorld;
  let upstream: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start();
    upstream = await world.upstream();
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
    directory.remove();
  }, SLOW_MS);

  /** The example with a provider of the test in place of OpenAI, and a port that clients can reach. */
  function adaptedExample(): string {
    const text = readFileSync(EXAMPLE, 'utf8')
      .replace('hostname: api.openai.com\n        port: 443', `hostname: provider.test\n        port: ${upstream.port}`)
      .replace('port: 80', `port: ${world.port}`);
    const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
    const path = directory.file('basic.yaml');
    writeFileSync(
      path,
      objects
        .filter(({ kind }) => kind !== 'BackendTLSPolicy')
        .map((object) => stringify(object))
        .join('---\n'),
    );
    return path;
  }

  const setRules = async (rules: readonly AIGatewayRouteRule[]) =>
    await world.cluster.api.patch<AIGatewayRoute>(ROUTE, { spec: { rules } });

  it(
    'serves a moment after kubectl apply, and is programmed when it does',
    async () => {
      await world.cluster.kubectl.run(
        'create',
        'secret',
        'generic',
        'basic-openai',
        '--from-literal=apiKey=PLANTED-sk-first',
      );
      const example = adaptedExample();
      const startMs = performance.now();
      const since = (what: string) => figure(`${what} after kubectl apply`, performance.now() - startMs);
      const applied = world.cluster.kubectl.applyFile(example);
      const generated = world.cluster.api.exists(HTTP_ROUTE, SLOW_MS).then(() => since('HTTPRoute'));
      const programmed = world.cluster.api
        .eventually<Conditioned, true>(
          ROUTE,
          'the route to be programmed',
          (route) => isTrue(route, 'Programmed'),
          SLOW_MS,
        )
        .then(async () => {
          since('Programmed');
          return await world.chat('gpt-4o-mini');
        });
      expect(await applied).toContain('aigatewayroute.aigateway.envoyproxy.io/basic created');
      await generated;
      await world.kubelet.readyPods();
      since('Envoy ready');
      await world.chatAnswers('gpt-4o-mini');
      since('first 200');
      // The first request after the status says so: it must not say so before.
      expect((await programmed).status).toBe(200);
    },
    TEST_MS,
  );

  it(
    'tells its state in the status, in what kubectl get prints and in Events',
    async () => {
      const route = await world.cluster.api.exists<Conditioned>(ROUTE);
      const conditions = Object.fromEntries((route.status?.conditions ?? []).map(({ type, status }) => [type, status]));
      expect(conditions).toEqual({ Accepted: 'True', ResolvedRefs: 'True', Programmed: 'True' });
      const printed = await world.cluster.kubectl.run(
        'get',
        'aigatewayroutes,aiservicebackends,backendsecuritypolicies',
        '-A',
      );
      expect(printed.match(/\bAccepted\b/g)).toHaveLength(3);
      const events = await world.cluster.api.list<Event>(
        { apiVersion: 'events.k8s.io/v1', kind: 'Event' },
        { namespace: 'default' },
      );
      const told = events.map(({ regarding, type, reason }) => `${regarding.kind} ${regarding.name} ${type} ${reason}`);
      expect(told).toContain('AIGatewayRoute basic Normal Accepted');
      expect(told).toContain('AIGatewayRoute basic Normal Programmed');
      const [pod] = world.kubelet.pods;
      const ofProxies = await world.cluster.kubectl.run('get', 'events', '-n', 'envoy-gateway-system');
      expect(ofProxies).toMatch(new RegExp(`Normal\\s+ProcessorInjected\\s+pod/${pod?.name}\\s`));
    },
    TEST_MS,
  );

  it('serves curl', async () => {
    const caseId = newCase('curl');
    upstream.script(caseId, toldAnswer('OpenAI', [{ text: 'from far' }]));
    const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
    const headers = ['-H', 'content-type: application/json', '-H', `x-test-case: ${caseId}`];
    const url = `http://127.0.0.1:${world.port}/v1/chat/completions`;
    const { stdout } = await run('curl', ['-sS', '--fail', '--max-time', '20', ...headers, '-d', body, url]);
    expect(stdout).toContain('from far');
    const { headers: sent } = upstream.request(caseId);
    expect(sent['authorization']).toBe('Bearer PLANTED-sk-first');
    expect(sent['host']).toBe('provider.test');
  });

  it('serves the OpenAI SDK, whole and streamed', async () => {
    const caseId = newCase('sdk');
    upstream.script(
      caseId,
      toldAnswer('OpenAI', [{ text: 'all at once' }]),
      toldAnswer('OpenAI', [{ text: 'piece by piece' }], true),
    );
    const client = openaiClient({ baseUrl: `http://127.0.0.1:${world.port}` }, caseId);
    const question = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hi' }] };
    const whole = await client.chat.completions.create(question);
    expect(whole.choices[0]?.message.content).toBe('all at once');
    let text = '';
    let total: number | undefined;
    const stream = await client.chat.completions.create({
      ...question,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      total = chunk.usage?.total_tokens ?? total;
    }
    expect(text).toBe('piece by piece');
    expect(total).toBe(TOLD_USAGE.input + TOLD_USAGE.output);
  });

  it('lists its models', async () => {
    const client = openaiClient({ baseUrl: `http://127.0.0.1:${world.port}` }, newCase('models'));
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id).sort()).toEqual(['gpt-4o-mini', 'text-embedding-3-small']);
  });

  it(
    'serves a model a moment after it was added, and refuses it a moment after it was removed',
    async () => {
      expect((await world.chat('late-model')).status).toBe(404);
      await setRules([ruleFor('gpt-4o-mini', 'late-model')]);
      const addedMs = await world.chatAnswers('late-model');
      figure('model added to first 200', addedMs);
      await setRules([ruleFor('gpt-4o-mini', 'renamed-model')]);
      const startMs = performance.now();
      await world.chatAnswers('renamed-model');
      await world.chatAnswers('late-model', 404);
      const changedMs = performance.now() - startMs;
      figure('model changed to new 200 and old 404', changedMs);
      await setRules([ruleFor('gpt-4o-mini')]);
      const removedMs = await world.chatAnswers('renamed-model', 404);
      figure('model removed to first 404', removedMs);
      for (const ms of [addedMs, changedMs, removedMs]) expect(ms).toBeLessThan(CHANGE_MS);
      expect((await world.chat('gpt-4o-mini')).status).toBe(200);
    },
    TEST_MS,
  );

  it(
    'says what is missing, and goes on serving, when a backend of the route does not exist',
    async () => {
      await setRules([ruleFor('gpt-4o-mini'), { ...ruleFor('lost-model'), backendRefs: [{ name: 'nowhere' }] }]);
      const condition = await world.cluster.api.eventually<Conditioned, string>(
        ROUTE,
        'ResolvedRefs to be false',
        (route) =>
          route?.status?.conditions?.find(({ type, status }) => type === 'ResolvedRefs' && status === 'False')?.message,
      );
      expect(condition).toContain('nowhere');
      expect((await world.chat('gpt-4o-mini')).status).toBe(200);
      await setRules([ruleFor('gpt-4o-mini')]);
      await world.cluster.api.eventually<Conditioned, true>(ROUTE, 'the route to be accepted again', (route) =>
        isTrue(route, 'Accepted'),
      );
    },
    TEST_MS,
  );

  it(
    'answers 404 a moment after the route was deleted, and leaves nothing of it behind',
    async () => {
      await world.cluster.kubectl.run('delete', 'aigatewayroute', 'basic', '--wait=false');
      const ms = await world.chatAnswers('gpt-4o-mini', 404);
      figure('route deleted to first 404', ms);
      expect(ms).toBeLessThan(CHANGE_MS);
      await world.cluster.api.isGone(ROUTE);
      await world.cluster.api.isGone(HTTP_ROUTE);
    },
    TEST_MS,
  );
});
