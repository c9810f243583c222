import { describe, expect, it } from '@jest/globals';
import { groupOf, keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { TEST_OPTIONS } from '../../../../test/harness/routing-options.js';
import { generateExtProcDeployment } from '../generate/extproc-deployment.js';
import { AffectedRoots } from './affected-roots.js';

const object = (apiVersion: string, kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'default' },
  ...more,
});
const GATEWAY = object('gateway.networking.k8s.io/v1', 'Gateway', 'edge');
const ROUTE = object('aigateway.envoyproxy.io/v1beta1', 'AIGatewayRoute', 'llm', {
  spec: { parentRefs: [{ name: 'edge' }], rules: [] },
});
const INPUTS = { settings: TEST_OPTIONS.extProc, overrides: undefined, needsMcp: false };

/** Keys of what a change of the Secret of that name wakes when the processor of the Gateway mounts `tls`. */
function wokenBy(secret: string, isDeleted = false): readonly string[] {
  const affected = new AffectedRoots();
  const show = (before: KubeObject | undefined, after: KubeObject | undefined) => {
    const { apiVersion, kind } = (after ?? before)!;
    const type = { group: groupOf(apiVersion), kind };
    return [...affected.of({ type, ...(before && { before }), ...(after && { after }) })];
  };
  const [deployment] = generateExtProcDeployment(GATEWAY, INPUTS, 'default', { replicas: 1, tlsSecret: 'tls' });
  for (const one of [GATEWAY, ROUTE, deployment]) show(undefined, one);
  if (isDeleted) show(deployment, undefined);
  return show(undefined, object('v1', 'Secret', secret));
}

describe('the Secret with the certificates of processors that run as a Deployment', () => {
  it('wakes the routes of their Gateway, which tell Envoy Gateway of the CA', () => {
    expect(wokenBy('tls')).toContain(keyOf(ROUTE));
  });

  it.each([
    { title: 'another Secret', woken: () => wokenBy('other') },
    { title: 'the Secret of a Deployment that is gone', woken: () => wokenBy('tls', true) },
  ])('is not $title', ({ woken }) => {
    expect(woken()).not.toContain(keyOf(ROUTE));
  });
});
