import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueCa, issueServing } from '../../src/modules/webhook/certificates/issue.js';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import { EXTPROC_PORT, extProcServiceName } from '../../src/shared/extproc-pod/service.js';
import { newCase } from '../harness/case-id.js';
import { eventually } from '../harness/eventually.js';
import { ENVOY_GATEWAY_NAMESPACE } from '../harness/kube/envoy-gateway.js';
import type { RunningPod } from '../harness/kube/kubelet/running-pod.js';
import { Load } from '../harness/kube/load.js';
import { GATEWAY } from './ai-objects.js';
import { DEPLOYMENT_MODE, REPLICAS, ROLL_OUT_MS, applyRoute, isProcessor, programmed } from './deployment-world.js';
import { E2eWorld, SLOW_MS, START_MS, TEST_MS } from './e2e-world.js';

type CertificateAuthority = Awaited<ReturnType<typeof issueCa>>;
type Serving = Awaited<ReturnType<typeof issueServing>>;

describe('processors that run as a Deployment with TLS', () => {
  const secretName = 'extproc-tls';
  const service = `${extProcServiceName('default', GATEWAY)}.${ENVOY_GATEWAY_NAMESPACE}.svc.cluster.local`;
  let world: E2eWorld;
  let ca: CertificateAuthority;

  beforeAll(async () => {
    world = await E2eWorld.start({ values: [...DEPLOYMENT_MODE, `extProc.tlsSecret=${secretName}`] });
    ca = await issueCa('extproc-ca', new Date());
  }, START_MS);

  afterAll(async () => {
    await world?.stop();
  }, SLOW_MS);

  const processors = () => world.kubelet.pods.filter(isProcessor);

  /** What the processors bear, and all authorities by which others know them. */
  async function applySecret(serving: Serving, authorities: readonly CertificateAuthority[]): Promise<void> {
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: ENVOY_GATEWAY_NAMESPACE, name: secretName },
      stringData: {
        'ca.crt': authorities.map(({ certificate }) => certificate).join(''),
        'tls.crt': serving.certificate,
        'tls.key': serving.key.reveal(),
      },
    };
    await world.apply(secret);
  }

  it(
    'serves when the route is programmed',
    async () => {
      const [first, second] = [await world.upstream(), await world.upstream()];
      await applySecret(await issueServing(ca, [service], new Date()), [ca]);
      await applyRoute(world, first, second);
      await programmed(world);
      for (let count = 0; count < 20; count += 1) expect((await world.chat('near')).status).toBe(200);
      for (const pod of processors()) {
        expect(pod.container('ai-gateway-extproc').process.lines.join()).not.toContain('"level":"error"');
      }
    },
    TEST_MS,
  );

  it(
    'takes another CA without a failed request when both are trusted meanwhile',
    async () => {
      const now = new Date();
      const next = await issueCa('extproc-ca-2', now);
      const load = new Load(async () => (await world.chat('near')).status);
      await applySecret(await issueServing(ca, [service], now), [ca, next]);
      await envoyTrusts(ca, next);
      const serving = await issueServing(next, [service], now);
      await applySecret(serving, [ca, next]);
      await eventually(
        'the replicas to bear the new certificate',
        async () => (await Promise.all(processors().map(certificateOf))).every((one) => one === textOf(serving)),
        ROLL_OUT_MS,
      );
      await applySecret(serving, [next]);
      await envoyTrusts(next);
      expect(Object.keys(await load.end())).toEqual(['200']);

      // One to which no connection was open before.
      const [former] = processors();
      const pod = { apiVersion: 'v1', kind: 'Pod', namespace: ENVOY_GATEWAY_NAMESPACE, name: former!.name };
      await world.cluster.api.delete(pod, 30);
      await eventually(
        'another replica',
        () => processors().length === REPLICAS && processors().every((one) => one !== former && one.isReady),
        ROLL_OUT_MS,
      );
      const caseId = newCase('after');
      for (let count = 0; count < 20; count += 1) expect((await world.chat('near', { caseId })).status).toBe(200);
    },
    4 * ROLL_OUT_MS,
  );

  /** Waits until Envoy was told to trust these authorities and no others. */
  async function envoyTrusts(...authorities: readonly CertificateAuthority[]): Promise<void> {
    const wanted = Buffer.from(authorities.map(({ certificate }) => certificate).join('')).toString('base64');
    const [proxy] = world.kubelet.pods.filter((pod) => !isProcessor(pod));
    const url = `http://127.0.0.1:${proxy!.adminPort}/config_dump?resource=dynamic_active_secrets`;
    await eventually(
      'Envoy to trust another CA',
      async () => {
        const dump = await (await fetch(url)).text();
        return dump.includes(wanted) || dump.includes(JSON.stringify(Buffer.from(wanted, 'base64').toString()));
      },
      SLOW_MS,
    );
  }

  const textOf = (serving: Serving) => new X509Certificate(serving.certificate).fingerprint256;

  /** Fingerprint of what a replica shows to whoever connects. */
  async function certificateOf({ podIP }: RunningPod): Promise<string> {
    const socket = connect({ host: podIP, port: EXTPROC_PORT, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    try {
      await once(socket, 'secureConnect');
      return socket.getPeerX509Certificate()?.fingerprint256 ?? '';
    } finally {
      socket.destroy();
    }
  }
});
