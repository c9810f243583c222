import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chunked, DONE, event, gated, json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { Gateway } from '../harness/gateway.js';
import type { BackendPlan, GatewayPlan } from '../harness/gateway-plan.js';
import { TestUpstream } from '../harness/test-upstream.js';

const CHAT = '/v1/chat/completions';
const MODELS = ['one', 'two', 'three'] as const;
type Model = (typeof MODELS)[number];
type Changes = Partial<Record<Model, Partial<BackendPlan>>>;

let upstream: TestUpstream;
let gateway: Gateway;

/** The plan of this file with backends changed and other costs. */
const plan = (
  changes: Changes = {},
  costs: GatewayPlan['costs'] = [{ metadataKey: 'used', type: 'TotalToken' }],
): GatewayPlan => ({
  routes: [
    {
      name: 'default/llm',
      rules: MODELS.map((model) => ({
        model,
        backends: [
          { name: `default/${model}`, upstream, auth: { apiKey: { key: 'PLANTED-first-key' } }, ...changes[model] },
        ],
      })),
    },
  ],
  costs: costs ?? [],
});

beforeAll(async () => {
  upstream = await TestUpstream.start();
  gateway = await Gateway.start(plan());
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

async function ask(model: string) {
  const caseId = newCase(model);
  upstream.script(caseId, json({ model: 'm', usage: { total_tokens: 7 } }));
  const response = await gateway.send(CHAT, { caseId, body: { model } });
  return { caseId, response, sent: upstream.requests(caseId)[0] };
}

describe('a changed filter configuration', () => {
  it('is in use for the next request', async () => {
    await gateway.useFilterConfig(plan({ one: { auth: { apiKey: { key: 'PLANTED-second-key' } } } }));
    expect((await ask('one')).sent?.headers['authorization']).toBe('Bearer PLANTED-second-key');
    await gateway.useFilterConfig(plan());
  });

  it('leaves a stream under way alone, with the costs that it began with', async () => {
    const caseId = newCase('swap');
    const usage = { total_tokens: 7, completion_tokens: 5 };
    const { body, gates } = gated([event({ model: 'm', choices: [{}] }), event({ choices: [], usage }) + DONE]);
    upstream.script(caseId, chunked(body));
    const response = await gateway.open(CHAT, { caseId, body: { model: 'one', stream: true } });
    await response.until('choices');

    await gateway.useFilterConfig(
      plan({ one: { isInFilterConfig: false } }, [{ metadataKey: 'other', type: 'OutputToken' }]),
    );
    gates[0]!.open();

    expect(await response.rest()).toMatchObject({ isComplete: true });
    const { ai } = await gateway.envoy.accessLog.entry(caseId);
    expect(ai).toMatchObject({ used: 7, ai_service_backend_name: 'default/one' });
    expect(ai).not.toHaveProperty('other');
    await gateway.useFilterConfig(plan());
  });

  it('that loses a backend which Envoy still chooses keeps it for a while (X31)', async () => {
    await gateway.useFilterConfig(plan({ two: { isInFilterConfig: false } }));
    expect((await ask('two')).response.status).toBe(200);
    await gateway.useFilterConfig(plan());
  });

  it.each([
    ['no YAML', 'backends: [', /not valid YAML/],
    ['another shape', 'backends: 42', /backends/],
    ['an empty file', '', /./],
    ['bytes', '\u0000\u0001', /./],
  ])('that is %s is kept out, with the reason and the place in the log', async (_, text, reason) => {
    const { extproc } = gateway;
    const failures = () =>
      extproc.metrics().then((page) => page.sum('aigateway_extproc_config_loads_total', { result: 'failure' }));
    const before = await failures();
    expect(await extproc.offerBrokenConfig(text)).toMatch(reason);
    expect((await ask('one')).response.status).toBe(200);
    expect(await failures()).toBe(before + 1);
    expect((await extproc.metrics()).sum('aigateway_extproc_config_up_to_date')).toBe(0);
    await gateway.useFilterConfig(plan());
    expect((await extproc.metrics()).sum('aigateway_extproc_config_up_to_date')).toBe(1);
  });
});

describe('one part of a filter configuration that cannot be used (X30)', () => {
  it.each<[string, Changes]>([
    ['an empty key', { two: { auth: { azureAPIKey: { key: ' ' } } } }],
    ['a schema that does not exist', { two: { schema: { name: 'Nonsense' } } }],
    ['no kind of credential', { two: { auth: {} } }],
  ])('does not affect the others, and says so when it is chosen: %s', async (_, changes) => {
    await gateway.useFilterConfig(plan(changes));
    expect((await ask('one')).response.status).toBe(200);
    const { response, caseId } = await ask('two');
    expect([response.status, response.json()]).toMatchObject([
      503,
      {
        error: { type: 'ServiceUnavailable', message: expect.stringContaining('backend default/two cannot be used: ') },
      },
    ]);
    expect(upstream.requests(caseId)).toEqual([]);
    expect((await gateway.envoy.accessLog.entry(caseId)).details).toBe('aigw_backend_unusable');
    expect((await gateway.extproc.metrics()).sum('aigateway_extproc_broken_backends')).toBe(1);
    await gateway.useFilterConfig(plan());
  });

  it.each([
    ['CEL without an expression, which ends the reference at its first use', { metadataKey: 'bad', type: 'CEL' }],
    ['CEL that does not compile', { metadataKey: 'bad', type: 'CEL', cel: 'input_tokens +' }],
    ['CEL of another type', { metadataKey: 'bad', type: 'CEL', cel: '"text"' }],
    ['CEL that divides by zero', { metadataKey: 'bad', type: 'CEL', cel: '1 / 0' }],
    ['an unknown kind', { metadataKey: 'bad', type: 'Unknown' }],
  ])('is left out and everything else serves: %s', async (_, cost) => {
    await gateway.useFilterConfig(plan({}, [cost, { metadataKey: 'used', type: 'TotalToken' }]));
    const { response, caseId } = await ask('one');
    expect(response.status).toBe(200);
    const { ai } = await gateway.envoy.accessLog.entry(caseId);
    expect(ai).toMatchObject({ used: 7 });
    expect(ai).not.toHaveProperty('bad');
    expect(gateway.extproc.process.end).toBeUndefined();
    await gateway.useFilterConfig(plan());
  });
});

describe('a backend that Envoy knows and the filter configuration does not', () => {
  it('is answered with 503, and served once its configuration has come (X31)', async () => {
    const withoutThree = await Gateway.start(plan({ three: { isInFilterConfig: false } }));
    try {
      const refused = await withoutThree.send(CHAT, { body: { model: 'three' } });
      expect([refused.status, refused.json()]).toMatchObject([503, { error: { type: 'ServiceUnavailable' } }]);
      expect((await withoutThree.send(CHAT, { body: { model: 'one' } })).status).toBe(200);
      await withoutThree.useFilterConfig(plan());
      expect((await withoutThree.send(CHAT, { body: { model: 'three' } })).status).toBe(200);
    } finally {
      await withoutThree.close();
    }
  });

  it('is waited for, so that a configuration that comes 500 ms later than the route costs no request', async () => {
    const withoutThree = await Gateway.start(plan({ three: { isInFilterConfig: false } }));
    try {
      const early = Array.from({ length: 20 }, () => withoutThree.send(CHAT, { body: { model: 'three' } }));
      await delay(500);
      const others = await withoutThree.send(CHAT, { body: { model: 'one' } });
      await withoutThree.useFilterConfig(plan());
      expect([others.status, ...(await Promise.all(early)).map(({ status }) => status)]).toEqual(Array(21).fill(200));
    } finally {
      await withoutThree.close();
    }
  });
});

describe('a processor whose configuration has not come yet', () => {
  it('answers 503 where the reference ends, is not ready, and serves as soon as the bundle is complete', async () => {
    const late = await Gateway.start(plan(), { configSource: 'late-bundle' });
    try {
      for (const [path, message] of [
        [CHAT, { body: { model: 'one' } }],
        ['/v1/models', {}],
        ['/anthropic/v1/models', {}],
      ] as const) {
        const response = await late.send(path, message);
        expect([response.status, response.json()]).toMatchObject([
          503,
          { error: { message: expect.stringContaining('no configuration yet') } },
        ]);
      }
      const health = await late.extproc.admin('/health');
      expect([health.status, await health.text()]).toEqual([500, 'unhealthy status: NOT_SERVING\n']);

      await late.useFilterConfig(plan());
      expect((await late.extproc.admin('/health')).status).toBe(200);
      expect((await late.send(CHAT, { body: { model: 'one' } })).status).toBe(200);
      expect((await late.send('/v1/models')).status).toBe(200);
    } finally {
      await late.close();
    }
  });
});

describe('a filter configuration that comes as a bundle', () => {
  it('is used, and read again when it changes', async () => {
    const bundled = await Gateway.start(plan(), { configSource: 'bundle' });
    try {
      expect((await bundled.send(CHAT, { body: { model: 'one' } })).status).toBe(200);
      await bundled.useFilterConfig(plan({ one: { auth: { apiKey: { key: 'PLANTED-bundled-key' } } } }));
      const caseId = newCase('bundle');
      expect((await bundled.send(CHAT, { caseId, body: { model: 'one' } })).status).toBe(200);
      expect(upstream.request(caseId).headers['authorization']).toBe('Bearer PLANTED-bundled-key');
    } finally {
      await bundled.close();
    }
  });
});
