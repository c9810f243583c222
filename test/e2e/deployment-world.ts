import type { KubeObject } from '../../src/shared/api/kube-object.js';
import type { RunningPod } from '../harness/kube/kubelet/running-pod.js';
import { isTrue } from '../harness/kube/test-gateway-objects.js';
import type { TestUpstream } from '../harness/test-upstream.js';
import { aiRoute, apiKey, apiKeyPolicy, fallbackPolicy, gatewayObjects, provider, ruleFor } from './ai-objects.js';
import { SLOW_MS, type E2eWorld } from './e2e-world.js';

export const REPLICAS = 2;
/** Values of the chart for processors that run as a Deployment. */
export const DEPLOYMENT_MODE = ['extProc.mode=deployment', `extProc.replicas=${REPLICAS}`];
/** A processor goes on serving for 15 s after it is asked to end; two of them, one after the other. */
export const ROLL_OUT_MS = 90_000;

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const ROUTE = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  namespace: 'default',
  name: 'llm',
};

export const isProcessor = (pod: RunningPod) => pod.name.startsWith('ai-gateway-extproc-');

/** Two providers with keys, the second one for what the first one fails at. */
export async function applyRoute(world: E2eWorld, first: TestUpstream, second: TestUpstream): Promise<void> {
  await world.apply(
    ...gatewayObjects(world),
    ...provider('first', first.port),
    ...provider('second', second.port),
    ...['first', 'second'].flatMap((name) => [apiKey(name, `PLANTED-key-of-${name}`), apiKeyPolicy(name)]),
    aiRoute('llm', [ruleFor('near', { name: 'first', priority: 0 }, { name: 'second', priority: 1 })]),
    fallbackPolicy('llm'),
  );
}

/** Waits for it. */
export async function programmed(world: E2eWorld): Promise<void> {
  const isProgrammed = (route: Conditioned | undefined) => isTrue(route, 'Programmed');
  await world.cluster.api.eventually<Conditioned, true>(ROUTE, 'the route to be programmed', isProgrammed, SLOW_MS);
}
