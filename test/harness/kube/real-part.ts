import { existsSync } from 'node:fs';

/** Real programs and files of the cluster rings; `scripts/setup/kubernetes-parts.mjs` provides them. */
export type RealPart =
  | 'AIGW_TEST_ETCD'
  | 'AIGW_TEST_KUBE_APISERVER'
  | 'AIGW_TEST_KUBECTL'
  | 'AIGW_TEST_HELM'
  | 'AIGW_TEST_CRDS'
  | 'AIGW_TEST_ENVOY_GATEWAY'
  | 'ENVOY_PATH';

/** Path of a real part. Throws when the tests were started without it. */
export function realPart(name: RealPart): string {
  const path = process.env[name];
  if (path && existsSync(path)) return path;
  throw new Error(
    `these tests need ${name}, which is ${path ? `"${path}" and does not exist` : 'not set'}: run them by \`npm run test:control-plane\` or \`npm run test:e2e\``,
  );
}
