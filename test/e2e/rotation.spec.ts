import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BackendSecurityPolicy } from '../../src/shared/api/ai-gateway.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { TokenWorld } from '../harness/token-servers/token-world.js';
import { withEnvironment } from '../harness/with-environment.js';
import { aiRoute, gatewayObjects, provider, ruleFor } from './ai-objects.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

const MODEL = 'azure';
/** Renewed after 59 to 72 s: even a processor that misses every hint loads the new token in time. */
const LIFETIME_S = 90;
/** How often an External Processor looks for a new filter config on its own. */
const RELOAD_INTERVAL_MS = 5_000;
const CLIENTS = 4;
/** The load goes on for so long after the new token was first used. */
const AFTERWARDS_MS = 2_000;

interface Answered {
  readonly status: number;
  readonly authorization: string | undefined;
  /** Unix time when the request was sent. */
  readonly sentAtMs: number;
  /** Unix time when the answer was there. */
  readonly atMs: number;
}

describe('rotation of an exchanged credential under load', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;
  const tokens = new TokenWorld();
  Object.defineProperty(tokens, 'now', { get: () => new Date() });

  beforeAll(async () => {
    await tokens.start();
    tokens.entra.lifetimeS = LIFETIME_S;
    world = await withEnvironment(tokens.environment, () => E2eWorld.start());
    upstream = await world.upstream();
    await world.apply(
      ...gatewayObjects(world),
      ...provider(MODEL, upstream.port),
      clientSecret(tokens),
      federatedPolicy(tokens),
      aiRoute('llm', [ruleFor(MODEL, MODEL)]),
    );
    await world.kubelet.readyPods();
    await world.chatAnswers(MODEL);
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
    await tokens.close();
  }, SLOW_MS);

  async function ask(): Promise<Answered> {
    const caseId = newCase(MODEL);
    const sentAtMs = Date.now();
    const { status } = await world.chat(MODEL, { caseId });
    const authorization = upstream.requests(caseId)[0]?.headers['authorization'];
    return { status, authorization, sentAtMs, atMs: Date.now() };
  }

  it(
    'loses no request, and the former token outlives the first use of the new one by two reload intervals',
    async () => {
      const answers: Answered[] = [];
      const end = new AbortController();
      const client = async () => {
        while (!end.signal.aborted) answers.push(await ask());
      };
      const clients = Array.from({ length: CLIENTS }, client);
      const first = (await eventually('an answer', () => answers[0], SLOW_MS)).authorization;
      const formerEndMs = await endOfToken(world, first);
      const renewed = await eventually(
        'the next token at the provider',
        () => answers.find(({ authorization }) => authorization !== first),
        LIFETIME_S * 1_000,
      );
      await eventually('some more load', () => Date.now() > renewed.atMs + AFTERWARDS_MS, SLOW_MS);
      end.abort();
      await Promise.all(clients);

      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      const issued = tokens.entra.issued.map((token) => `Bearer ${token}`);
      expect(issued).toContain(first);
      expect(issued.indexOf(renewed.authorization ?? '')).toBe(issued.indexOf(first ?? '') + 1);
      const lastOfFormerMs = Math.max(
        ...answers.filter(({ authorization }) => authorization === first).map(({ sentAtMs }) => sentAtMs),
      );
      process.stdout.write(`figure: requests while a token was rotated: ${answers.length}, none failed\n`);
      figure('first use of the new token to the end of the former one', formerEndMs - renewed.atMs);
      figure('first use of the new token to the last use of the former one', lastOfFormerMs - renewed.sentAtMs);
      expect(lastOfFormerMs).toBeLessThan(formerEndMs);
      expect(formerEndMs - renewed.atMs).toBeGreaterThanOrEqual(2 * RELOAD_INTERVAL_MS);
    },
    TEST_MS,
  );
});

/** When the token in the generated Secret ends, as a Unix time. Throws when it is another token. */
async function endOfToken(world: E2eWorld, authorization: string | undefined): Promise<number> {
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: `ai-eg-bsp-${MODEL}` };
  const secret = await world.cluster.api.get<Secret>(ref);
  const token = Buffer.from(secret?.data?.['azureAccessToken'] ?? '', 'base64').toString();
  expect(authorization).toBe(`Bearer ${token}`);
  return Date.parse(secret?.metadata.annotations?.['rotators/expiration-time'] ?? '');
}

const clientSecret = ({ oidc }: TokenWorld): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'default', name: 'client' },
  stringData: { 'client-id': oidc.client.id, 'client-secret': oidc.client.secret },
});

const federatedPolicy = ({ oidc }: TokenWorld): BackendSecurityPolicy => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'BackendSecurityPolicy',
  metadata: { namespace: 'default', name: MODEL },
  spec: {
    type: 'AzureCredentials',
    targetRefs: [{ group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend', name: MODEL }],
    azureCredentials: {
      tenantID: 'contoso.example',
      clientID: 'app-1',
      oidcExchangeToken: {
        oidc: {
          provider: { issuer: oidc.issuer },
          clientIDRef: { name: 'client' },
          clientSecret: { name: 'client' },
        },
      },
    },
  },
});
