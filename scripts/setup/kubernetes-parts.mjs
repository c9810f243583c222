import { ensureEnvoy } from './envoy.mjs';
import { ensureGoTool } from './go-tools.mjs';
import { requireMountNamespaces } from './mount-namespaces.mjs';
import { ensureThirdPartyCrds } from './third-party-crds.mjs';

/** Environment of the control-plane ring: the real parts of a cluster. Throws `Unavailable`. */
export const controlPlaneParts = () => ({
  AIGW_TEST_KUBE_APISERVER: ensureGoTool('kube-apiserver'),
  AIGW_TEST_KUBECTL: ensureGoTool('kubectl'),
  AIGW_TEST_ETCD: ensureGoTool('etcd'),
  AIGW_TEST_HELM: ensureGoTool('helm'),
  AIGW_TEST_CRDS: ensureThirdPartyCrds(),
});

/** Environment of the e2e ring: a cluster with Envoy Gateway and Envoy. Throws `Unavailable`. */
export function endToEndParts() {
  requireMountNamespaces();
  return {
    ...controlPlaneParts(),
    AIGW_TEST_ENVOY_GATEWAY: ensureGoTool('envoy-gateway'),
    ENVOY_PATH: ensureEnvoy(),
  };
}
