import { beforeAll, describe, expect, it } from '@jest/globals';
import { json, whole } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import type { EnvoyPlan } from '../harness/envoy-config.js';
import { filterConfigText } from '../harness/filter-config-document.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { useWorld } from '../harness/world.js';

const SECRETS = {
  static: 'PLANTED-static-key',
  azure: 'PLANTED-azure-key',
  brought: 'PLANTED-brought-key',
  authorization: 'PLANTED-client-token',
  cookie: 'PLANTED-cookie',
  setCookie: 'PLANTED-set-cookie',
  apiKey: 'PLANTED-x-api-key',
  mutation: 'PLANTED-mutation-value',
};
const BODY_SECRET = 'text-of-the-prompt';
const ANSWER_SECRET = 'text-of-the-answer';
const CHAT = '/v1/chat/completions';

const plan = (provider: TestUpstream): EnvoyPlan => ({
  routes: [
    {
      name: 'default/llm',
      rules: [
        {
          model: 'static',
          backends: [
            {
              name: 'default/static',
              upstream: provider,
              auth: { apiKey: { key: SECRETS.static } },
              httpHeaderMutation: { set: [{ name: 'x-provider-session-token', value: SECRETS.mutation }] },
            },
          ],
        },
        {
          model: 'brought',
          backends: [
            {
              name: 'default/brought',
              upstream: provider,
              auth: {
                azureAPIKey: { key: SECRETS.azure },
                credentialOverride: { headerName: 'x-aigw-azure-api-key', fallbackToConfigured: true },
              },
            },
          ],
        },
      ],
    },
  ],
  costs: [{ metadataKey: 'used', type: 'TotalToken' }],
});

const HEADERS = {
  authorization: `Bearer ${SECRETS.authorization}`,
  cookie: `session=${SECRETS.cookie}`,
  'x-api-key': SECRETS.apiKey,
  'x-aigw-azure-api-key': SECRETS.brought,
};

const LEVELS: readonly (readonly [string, readonly string[]])[] = [
  ['debug', ['-logLevel', 'debug']],
  ['debug with redaction of bodies', ['-logLevel', 'debug', '-enableRedaction']],
  ['info', ['-logLevel', 'info']],
];

describe.each(LEVELS)('the log at %s', (level, extprocFlags) => {
  const world = useWorld(['provider'], ({ provider }) => plan(provider), { extprocFlags });

  let log = '';

  beforeAll(async () => {
    const { gateway, upstreams } = world;
    const message = { headers: HEADERS };
    for (const model of ['static', 'brought']) {
      for (const answer of [
        json({ content: ANSWER_SECRET, usage: { total_tokens: 1 } }, 200, { 'set-cookie': SECRETS.setCookie }),
        whole(500, ANSWER_SECRET, { 'content-type': 'text/plain', 'set-cookie': SECRETS.setCookie }),
        whole(200, 'broken', { 'content-encoding': 'gzip' }),
      ]) {
        const caseId = newCase('secret');
        upstreams.provider.script(caseId, answer);
        await gateway.send(CHAT, { ...message, caseId, body: { model, messages: [{ content: BODY_SECRET }] } });
        await gateway.envoy.accessLog.entry(caseId);
      }
    }
    await gateway.send(CHAT, { ...message, body: `{"model":"static","x":"${BODY_SECRET}"` });
    await gateway.extproc.offerBrokenConfig(
      filterConfigText(plan(upstreams.provider), 'broken').replace('}', `"${SECRETS.static}`),
    );
    log = gateway.extproc.process.lines.join('\n');
  });

  it('never has a credential in it, nor has the access log or a metric', async () => {
    const access = JSON.stringify(world.gateway.envoy.accessLog.all);
    const metrics = (await world.gateway.extproc.metrics()).text;
    for (const secret of Object.values(SECRETS)) {
      expect([secret, log.includes(secret), access.includes(secret), metrics.includes(secret)]).toEqual([
        secret,
        false,
        false,
        false,
      ]);
    }
    expect(log.length).toBeGreaterThan(0);
  });

  it('has bodies in it at debug without redaction at most', () => {
    const mayShowBodies = level === 'debug';
    expect([mayShowBodies || !log.includes(BODY_SECRET), mayShowBodies || !log.includes(ANSWER_SECRET)]).toEqual([
      true,
      true,
    ]);
  });
});
