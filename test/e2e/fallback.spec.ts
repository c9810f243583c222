import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { Load } from '../harness/kube/load.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { toldAnswer } from '../harness/told-answers.js';
import {
  aiRoute,
  apiKey,
  apiKeyPolicy,
  fallbackPolicy,
  gatewayObjects,
  ipProvider,
  provider,
  ruleFor,
} from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

const OVERLOADED = json({ error: { message: 'overloaded' } }, 503);

describe('several backends of a rule on a cluster', () => {
  let world: E2eWorld;
  let first: TestUpstream;
  let second: TestUpstream;

  beforeAll(async () => {
    world = await E2eWorld.start();
    [first, second] = [await world.upstream(), await world.upstream()];
    const inOrder = (firstName: string, secondName: string) =>
      [
        { name: firstName, priority: 0, modelNameOverride: 'model-of-first' },
        { name: secondName, priority: 1, modelNameOverride: 'model-of-second' },
      ] as const;
    await world.apply(
      ...gatewayObjects(world),
      ...provider('first', first.port),
      ...provider('second', second.port),
      ...ipProvider('first-ip', first.port),
      ...ipProvider('second-ip', second.port),
      ...['first', 'second', 'first-ip', 'second-ip'].flatMap((name) => [
        apiKey(name, `PLANTED-key-of-${name}`),
        apiKeyPolicy(name),
      ]),
      aiRoute('llm', [
        ruleFor('by-name', ...inOrder('first', 'second')),
        ruleFor('by-address', ...inOrder('first-ip', 'second-ip')),
        ruleFor('split', { name: 'first', weight: 1 }, { name: 'second', weight: 3 }),
        ruleFor('mixed', { name: 'first', weight: 1 }, { name: 'second-ip', weight: 1 }),
        ruleFor('split-by-address', { name: 'first-ip', weight: 0 }, { name: 'second-ip', weight: 1 }),
      ]),
      fallbackPolicy('llm'),
    );
    await world.kubelet.readyPods();
    for (const model of ['by-name', 'by-address', 'split', 'mixed', 'split-by-address']) await world.chatAnswers(model);
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const modelOf = (body: Buffer) => (JSON.parse(body.toString()) as { readonly model: string }).model;

  it.each([
    { model: 'by-name', keys: ['PLANTED-key-of-first', 'PLANTED-key-of-second'] },
    { model: 'by-address', keys: ['PLANTED-key-of-first-ip', 'PLANTED-key-of-second-ip'] },
  ])(
    'asks the next priority, with its own model and key, when the first fails: $model',
    async ({ model, keys }) => {
      const caseId = newCase(model);
      first.script(caseId, OVERLOADED);
      second.script(caseId, toldAnswer('OpenAI', [{ text: 'from the second' }]));
      const answer = await world.chat(model, { caseId });
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('from the second')]);
      const attempts = [first.request(caseId), second.request(caseId)];
      expect(attempts.map(({ body }) => modelOf(body))).toEqual(['model-of-first', 'model-of-second']);
      expect(attempts.map(({ headers }) => headers['authorization'])).toEqual(keys.map((key) => `Bearer ${key}`));
    },
    TEST_MS,
  );

  it.each(['by-name', 'by-address'])(
    'stays with the first priority while it answers: %s',
    async (model) => {
      const caseId = newCase(model);
      for (let count = 0; count < 20; count += 1) expect((await world.chat(model, { caseId })).status).toBe(200);
      expect([first.requests(caseId).length, second.requests(caseId).length]).toEqual([20, 0]);
    },
    TEST_MS,
  );

  it(
    'splits requests by weight, each with the key of the backend that it goes to',
    async () => {
      const caseId = newCase('split');
      const count = 200;
      for (let done = 0; done < count; done += 1) expect((await world.chat('split', { caseId })).status).toBe(200);
      const keysAt = (upstream: TestUpstream) =>
        upstream.requests(caseId).map(({ headers }) => headers['authorization']);
      expect(new Set(keysAt(first))).toEqual(new Set(['Bearer PLANTED-key-of-first']));
      expect(new Set(keysAt(second))).toEqual(new Set(['Bearer PLANTED-key-of-second']));
      // A quarter; 5 standard deviations (6.1) to each side.
      expect(Math.abs(keysAt(first).length - count / 4)).toBeLessThan(31);
      expect(keysAt(first).length + keysAt(second).length).toBe(count);
    },
    TEST_MS,
  );

  it(
    'knows which backend a request goes to when some have names and others addresses',
    async () => {
      const caseId = newCase('mixed');
      for (let done = 0; done < 40; done += 1) expect((await world.chat('mixed', { caseId })).status).toBe(200);
      const keysAt = (upstream: TestUpstream) =>
        new Set(upstream.requests(caseId).map(({ headers }) => headers['authorization']));
      expect([...keysAt(first), ...keysAt(second)]).toEqual([
        'Bearer PLANTED-key-of-first',
        'Bearer PLANTED-key-of-second-ip',
      ]);
    },
    TEST_MS,
  );

  it(
    'sends no request to a backend with the key of another one while a model moves between them',
    async () => {
      const route = (backend: string) => aiRoute('moving', [ruleFor('moving', backend)]);
      const keysAt = (upstream: TestUpstream) =>
        new Set(upstream.requests('moving').map(({ headers }) => headers['authorization']));
      await world.apply(route('first'));
      await world.chatAnswers('moving');
      const load = new Load(async () => (await world.chat('moving', { caseId: 'moving' })).status);
      for (const [backend, upstream] of [
        ['second', second],
        ['first-ip', first],
        ['second-ip', second],
      ] as const) {
        await world.apply(route(backend));
        await eventually(`the key of ${backend}`, () => keysAt(upstream).has(`Bearer PLANTED-key-of-${backend}`));
      }
      const outcomes = Object.keys(await load.end());
      expect(keysAt(first)).toEqual(new Set(['Bearer PLANTED-key-of-first', 'Bearer PLANTED-key-of-first-ip']));
      expect(keysAt(second)).toEqual(new Set(['Bearer PLANTED-key-of-second', 'Bearer PLANTED-key-of-second-ip']));
      // Until the mounted filter config follows the xDS, the processor refuses, and says that it can be tried again.
      expect(['200', '503']).toEqual(expect.arrayContaining(outcomes));
    },
    TEST_MS,
  );

  it(
    'leaves out a backend of weight 0 and knows the others all the same',
    async () => {
      const caseId = newCase('weight-0');
      for (let count = 0; count < 10; count += 1)
        expect((await world.chat('split-by-address', { caseId })).status).toBe(200);
      expect(first.requests(caseId)).toEqual([]);
      expect(new Set(second.requests(caseId).map(({ headers }) => headers['authorization']))).toEqual(
        new Set(['Bearer PLANTED-key-of-second-ip']),
      );
    },
    TEST_MS,
  );
});
