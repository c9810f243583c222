import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { goEnvironment, requireGo } from './go.mjs';
import { ENVOY_GATEWAY_VERSION } from './go-tools.mjs';
import { ROOT, tryStep } from './progress.mjs';

const INFERENCE_EXTENSION_VERSION = '1.0.2';
/** Go modules that carry CRDs, and the folder in which they lie. Envoy Gateway's holds those of the Gateway API too. */
const SOURCES = [
  [`github.com/envoyproxy/gateway@v${ENVOY_GATEWAY_VERSION}`, 'charts/gateway-helm/charts/crds/crds'],
  [`sigs.k8s.io/gateway-api-inference-extension@v${INFERENCE_EXTENSION_VERSION}`, 'config/crd/bases'],
];
const VERSIONS = `envoy-gateway-${ENVOY_GATEWAY_VERSION}-inference-extension-${INFERENCE_EXTENSION_VERSION}`;
const TARGET = join(ROOT, '.tools', `crds-${VERSIONS}`);

/** Folder with the CRDs of the Gateway API, Envoy Gateway and the Inference Extension. Throws `Unavailable`. */
export function ensureThirdPartyCrds() {
  if (existsSync(TARGET)) return TARGET;
  requireGo();
  const partial = `${TARGET}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (const [module, folder] of SOURCES) {
    const args = ['mod', 'download', '-json', module];
    const answer = tryStep(`fetching the CRDs in ${module}`, 'go', args, { env: goEnvironment() });
    copyYaml(join(JSON.parse(answer).Dir, folder), partial);
  }
  renameSync(partial, TARGET);
  return TARGET;
}

/** Contents only: files and folders of the module cache are read-only. */
function copyYaml(from, to) {
  const paths = readdirSync(from, { recursive: true }).filter((path) => path.endsWith('.yaml'));
  for (const path of paths) writeFileSync(join(to, basename(path)), readFileSync(join(from, path)));
}
