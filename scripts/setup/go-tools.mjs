import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isExecutable } from './executable.mjs';
import { goEnvironment, requireGo } from './go.mjs';
import { ROOT, Unavailable, tryStep } from './progress.mjs';

const KUBERNETES = '1.36.2';
export const ENVOY_GATEWAY_VERSION = '1.8.1';

/**
 * Real parts of the tests that no npm or Python package carries; each is built once per version. `module` is a Go module
 * of ours (its go.sum pins everything), `install` a package that Go builds with the go.mod of its own module. `stamps`
 * are variables that hold the version: without them the API server says 0.0, and who asks it believes that.
 */
const TOOLS = {
  etcd: { override: 'ETCD_BIN', version: '3.6.8', module: 'kubernetes' },
  'kube-apiserver': {
    override: 'APISERVER_BIN',
    version: KUBERNETES,
    module: 'kubernetes',
    stamps: kubernetesVersion('k8s.io/component-base/version'),
  },
  kubectl: {
    override: 'KUBECTL_BIN',
    version: KUBERNETES,
    module: 'kubernetes',
    stamps: {
      ...kubernetesVersion('k8s.io/component-base/version'),
      ...kubernetesVersion('k8s.io/client-go/pkg/version'),
    },
  },
  'envoy-gateway': {
    override: 'ENVOY_GATEWAY_BIN',
    version: ENVOY_GATEWAY_VERSION,
    install: 'github.com/envoyproxy/gateway/cmd/envoy-gateway',
    stamps: { 'github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion': `v${ENVOY_GATEWAY_VERSION}` },
  },
  helm: { override: 'HELM_BIN', version: '3.22.0', install: 'helm.sh/helm/v3/cmd/helm' },
};

/** Path of a tool: its environment variable, `.tools/`, else builds it there. Throws `Unavailable` when it cannot. */
export function ensureGoTool(name) {
  const { override, version } = TOOLS[name];
  const given = process.env[override];
  if (given) {
    if (isExecutable(given)) return given;
    throw new Unavailable(`${override} is "${given}", which is not an executable file`);
  }
  const target = join(ROOT, '.tools', `${name}-${version}`);
  if (!isExecutable(join(target, name))) build(name, target);
  return join(target, name);
}

function build(name, target) {
  requireGo();
  const { version, module, install, stamps = {} } = TOOLS[name];
  const partial = `${target}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const flags = ['-s', '-w', ...Object.entries(stamps).flatMap(([variable, value]) => ['-X', `${variable}=${value}`])];
  const title = `building ${name} ${version} (minutes, once)`;
  const options = ['-ldflags', flags.join(' ')];
  if (module) {
    const cwd = join(ROOT, 'test', 'tools', module);
    tryStep(title, 'go', ['build', ...options, '-o', join(partial, name), `./${name}`], { cwd, env: goEnvironment() });
  } else {
    const env = { ...goEnvironment(), GOBIN: partial };
    tryStep(title, 'go', ['install', ...options, `${install}@v${version}`], { env });
  }
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
}

function kubernetesVersion(packagePath) {
  const [major, minor] = KUBERNETES.split('.');
  return {
    [`${packagePath}.gitVersion`]: `v${KUBERNETES}`,
    [`${packagePath}.gitMajor`]: major,
    [`${packagePath}.gitMinor`]: minor,
  };
}
