import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueCa, issueServing } from '../../src/modules/webhook/certificates/issue.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { secretTexts } from '../../src/shared/api/secret-text.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { gatewayClass } from '../harness/kube/test-gateway-objects.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { ForwardProxy } from '../harness/token-servers/forward-proxy.js';
import { TokenWorld } from '../harness/token-servers/token-world.js';
import { withEnvironment } from '../harness/with-environment.js';
import { aiRoute, gatewayObjects, provider, ruleFor } from './ai-objects.js';
import {
  exchangeSecrets,
  exchangedKinds,
  policyOf,
  secretOf,
  staticKinds,
  type CredentialKind,
} from './credential-kinds.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS, figure } from './e2e-world.js';

/** Renewed after 59 to 72 s: even a processor that misses every hint loads the new token in time. */
const LIFETIME_S = 90;
/** How often an External Processor looks for a new filter config on its own. */
const RELOAD_INTERVAL_MS = 5_000;
const PROCESSORS = 2;
const CLIENTS = 4;
/** The load goes on for so long after the last new credential was first used. */
const AFTERWARDS_MS = RELOAD_INTERVAL_MS + 2_000;
/** Envoy writes its access log every 10 s. */
const LOG_MS = 30_000;
const GOOGLE = ['sts.googleapis.com', 'iamcredentials.googleapis.com'];

interface Answered {
  readonly caseId: string;
  readonly model: string;
  readonly status: number;
  /** What the provider saw. */
  readonly credential: string | undefined;
  /** Unix time when the request was sent. */
  readonly sentAtMs: number;
  /** Unix time when the answer was there. */
  readonly atMs: number;
}

describe('rotation of all kinds of credentials under load, with two processors', () => {
  let world: E2eWorld;
  let upstream: TestUpstream;
  let tokens: TokenWorld;
  let google: ForwardProxy;
  let exchanged: readonly CredentialKind[];
  const directory = new TemporaryDirectory();

  beforeAll(async () => {
    const now = new Date();
    const ca = await issueCa('google-ca', now);
    const { certificate, key } = await issueServing(ca, ['localhost', ...GOOGLE], now);
    writeFileSync(directory.file('ca.pem'), ca.certificate);
    tokens = new TokenWorld({ certificate, key: key.reveal() });
    Object.defineProperty(tokens, 'now', { get: () => new Date() });
    await tokens.start();
    for (const server of [tokens.sts, tokens.entra, tokens.google]) server.lifetimeS = LIFETIME_S;
    // Addresses of Google cannot be set: tunnels to them end at the token server.
    const place = new URL(tokens.google.origin).host;
    google = await new ForwardProxy(new Map(GOOGLE.map((name) => [`${name}:443`, place]))).start();
    const environment = {
      ...tokens.environment,
      AI_GATEWAY_GCP_AUTH_PROXY_URL: `http://${google.host}`,
      NODE_EXTRA_CA_CERTS: directory.file('ca.pem'),
    };
    world = await withEnvironment(environment, () => E2eWorld.start());
    upstream = await world.upstream();
    exchanged = exchangedKinds(tokens);
    const kinds = [...exchanged, ...staticKinds];
    await world.apply(
      ...gatewayObjects(world),
      ...twoProxies,
      ...kinds.flatMap(({ name }) => provider(name, upstream.port)),
      ...exchangeSecrets(tokens),
      ...staticKinds.map(({ name, content }) => secretOf(name, content(1))),
      ...kinds.map(policyOf),
      aiRoute(
        'llm',
        kinds.map(({ name }) => ruleFor(name, name)),
      ),
    );
    await world.kubelet.readyPods(PROCESSORS);
    for (const { name } of kinds) await world.chatAnswers(name);
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
    await google?.close();
    await tokens?.close();
    directory.remove();
  }, SLOW_MS);

  async function ask({ name, shown }: CredentialKind): Promise<Answered> {
    const caseId = newCase(name);
    const sentAtMs = Date.now();
    const { status } = await world.chat(name, { caseId, headers: { 'user-agent': caseId } });
    const [request] = upstream.requests(caseId);
    return { caseId, model: name, status, credential: request && shown(request), sentAtMs, atMs: Date.now() };
  }

  /** When the token in the generated Secret ends, as a Unix time. Throws when it is another token than that one. */
  async function endOfToken(policy: string, credential: string | undefined): Promise<number> {
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: `ai-eg-bsp-${policy}` };
    const secret = await world.cluster.api.get<Secret>(ref);
    const token = credential?.replace(/^Bearer /, '') ?? 'none';
    expect([...(secret ? secretTexts(secret).values() : [])].join('\n')).toContain(token);
    return Date.parse(secret?.metadata.annotations?.['rotators/expiration-time'] ?? '');
  }

  /** Which processor each answer came by: its Envoy's access log tells. */
  async function processorsOf(answers: readonly Answered[]): Promise<ReadonlyMap<string, string>> {
    return await eventually(
      'all answers in the access logs',
      () => {
        const found = new Map<string, string>();
        for (const pod of world.kubelet.pods)
          for (const line of readFileSync(pod.stdoutFile('envoy'), 'utf8')
            .split('\n')
            .filter((one) => one.endsWith('}')))
            found.set((JSON.parse(line) as { readonly 'user-agent'?: string })['user-agent'] ?? '', pod.name);
        return answers.every(({ caseId }) => found.has(caseId)) && found;
      },
      LOG_MS,
    );
  }

  it(
    'loses no request, and what is valid no longer was replaced in both processors two reload intervals before',
    async () => {
      const answers: Answered[] = [];
      const end = new AbortController();
      const turns = [...exchanged, ...staticKinds];
      let turn = 0;
      const client = async () => {
        while (!end.signal.aborted) answers.push(await ask(turns[turn++ % turns.length]!));
      };
      const clients = Array.from({ length: CLIENTS }, client);
      const of = (model: string) => answers.filter((answer) => answer.model === model);
      const ends = new Map<string, number>();
      for (const { name } of exchanged) {
        const first = await eventually(`an answer by ${name}`, () => of(name)[0], SLOW_MS);
        ends.set(name, await endOfToken(name, first.credential));
      }
      const writtenAtMs = Date.now();
      for (const { name, content } of staticKinds) await world.apply(secretOf(name, content(2)));
      for (const { name } of turns)
        await eventually(
          `the next credential of ${name} at the provider`,
          () => new Set(of(name).map(({ credential }) => credential)).size > 1,
          LIFETIME_S * 1_000,
        );
      const lastMs = Date.now();
      await eventually('some more load', () => Date.now() > lastMs + AFTERWARDS_MS, SLOW_MS);
      end.abort();
      await Promise.all(clients);

      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      process.stdout.write(`figure: requests while all kinds were rotated: ${answers.length}, none failed\n`);
      const processors = await processorsOf(answers);
      for (const { name } of exchanged) {
        const { firstOfNewMs, lastOfFormerMs } = turnOver(of(name), processors);
        const endMs = ends.get(name)!;
        figure(`${name}: new token in both processors to the end of the former one`, endMs - firstOfNewMs);
        expect(lastOfFormerMs).toBeLessThan(endMs);
        expect(endMs - firstOfNewMs).toBeGreaterThanOrEqual(2 * RELOAD_INTERVAL_MS);
      }
      for (const { name } of staticKinds) {
        const { lastOfFormerMs } = turnOver(of(name), processors);
        figure(`${name}: written to the last use of the former one`, lastOfFormerMs - writtenAtMs);
        // Whoever lets the former one be valid for so long loses no request.
        expect(lastOfFormerMs - writtenAtMs).toBeLessThan(2 * RELOAD_INTERVAL_MS);
      }
    },
    TEST_MS + LIFETIME_S * 1_000,
  );
});

/** When the last of both processors first used the new credential, and when the former was last sent by any, as Unix times. */
function turnOver(answers: readonly Answered[], processors: ReadonlyMap<string, string>) {
  const [former, next, ...more] = new Set(
    answers.toSorted((a, b) => a.sentAtMs - b.sentAtMs).map(({ credential }) => credential),
  );
  expect([former, next].map((credential) => typeof credential)).toEqual(['string', 'string']);
  expect(more).toEqual([]);
  const uses = (credential: string | undefined) => answers.filter((answer) => answer.credential === credential);
  const byProcessor = Map.groupBy(uses(next), ({ caseId }) => processors.get(caseId));
  expect(byProcessor.size).toBe(PROCESSORS);
  expect(new Set(uses(former).map(({ caseId }) => processors.get(caseId))).size).toBe(PROCESSORS);
  return {
    firstOfNewMs: Math.max(...[...byProcessor.values()].map((used) => Math.min(...used.map(({ atMs }) => atMs)))),
    lastOfFormerMs: Math.max(...uses(former).map(({ sentAtMs }) => sentAtMs)),
  };
}

const twoProxies = [
  {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'EnvoyProxy',
    metadata: { namespace: 'default', name: 'two' },
    spec: { provider: { type: 'Kubernetes', kubernetes: { envoyDeployment: { replicas: PROCESSORS } } } },
  } as KubeObject,
  {
    ...gatewayClass(),
    spec: {
      ...gatewayClass().spec,
      parametersRef: { group: 'gateway.envoyproxy.io', kind: 'EnvoyProxy', namespace: 'default', name: 'two' },
    },
  } as KubeObject,
];
