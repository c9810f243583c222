// Routes into a real kube-apiserver, before a real controller: how soon they are in force, and what that costs.
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { cpuSeconds, freePort, listening, start, stop } from './processes.mjs';

/** Targets at 1,000 routes. */
const TARGETS = {
  convergedSeconds: 5,
  writesPerRoute: 5,
  cpuSeconds: 20,
  peakMiB: 300,
  httpRouteMs: 50,
  filterConfigMs: 150,
  idleWrites: 0,
};
const IDLE_SECONDS = 20;
const MORE_ROUTES = 5;
const LIMIT_MS = 180_000;
const TOKEN = 'bench';
const GATEWAY_API = '/apis/gateway.networking.k8s.io/v1';
const ENVOY_GATEWAY_API = '/apis/gateway.envoyproxy.io/v1alpha1/namespaces/default';
const AI_GATEWAY_API = '/apis/aigateway.envoyproxy.io/v1beta1/namespaces/default';
const HTTP_ROUTES = `${GATEWAY_API}/namespaces/default/httproutes`;
const PROXY_LABELS = {
  'gateway.envoyproxy.io/owning-gateway-name': 'g',
  'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
};

/** Measures and prints. Returns the targets that were missed. */
export async function measureControlPlane({ directory, main, routes }) {
  const programs = [];
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  try {
    const cluster = await startCluster(directory, programs, agent);
    await fill(cluster);
    const controller = await startController(cluster, directory, main, programs);
    const figures = await measure(cluster, controller, routes);
    print(routes, figures);
    return missedTargets(routes, figures);
  } finally {
    for (const program of programs.toReversed()) await stop(program);
    agent.destroy();
  }
}

async function startCluster(directory, programs, agent) {
  const folder = join(directory, 'control-plane');
  mkdirSync(folder, { recursive: true });
  const [clients, peers, port] = await Promise.all([freePort(), freePort(), freePort()]);
  execFileSync('openssl', ['genrsa', '-out', join(folder, 'sa.key'), '2048'], { stdio: 'ignore' });
  writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},admin,1,"system:masters"\n`);
  const etcd = start(
    process.env.AIGW_TEST_ETCD,
    [
      ['data-dir', join(folder, 'etcd')],
      ['listen-client-urls', `http://127.0.0.1:${clients}`],
      ['advertise-client-urls', `http://127.0.0.1:${clients}`],
      ['listen-peer-urls', `http://127.0.0.1:${peers}`],
      ['unsafe-no-fsync', 'true'],
    ].map(([name, value]) => `--${name}=${value}`),
    join(folder, 'etcd.log'),
  );
  programs.push(etcd);
  await listening(etcd, clients, 'etcd');
  const server = start(
    process.env.AIGW_TEST_KUBE_APISERVER,
    [
      ['etcd-servers', `http://127.0.0.1:${clients}`],
      ['cert-dir', join(folder, 'certs')],
      ['secure-port', port],
      ['bind-address', '127.0.0.1'],
      ['advertise-address', '127.0.0.1'],
      ['service-account-issuer', 'https://kubernetes.default.svc'],
      ['service-account-key-file', join(folder, 'sa.key')],
      ['service-account-signing-key-file', join(folder, 'sa.key')],
      ['service-cluster-ip-range', '10.0.0.0/24'],
      ['token-auth-file', join(folder, 'tokens.csv')],
      ['authorization-mode', 'RBAC'],
      ['disable-admission-plugins', 'ServiceAccount'],
    ].map(([name, value]) => `--${name}=${value}`),
    join(folder, 'kube-apiserver.log'),
  );
  programs.push(server);
  const cluster = { port, agent, kubeconfig: join(folder, 'kubeconfig') };
  await until('the API server', async () => (await send(cluster, 'GET', '/readyz')).status === 200);
  writeFileSync(cluster.kubeconfig, JSON.stringify(kubeconfig(port)));
  return cluster;
}

const kubeconfig = (port) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user: { token: TOKEN } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
});

/** CRDs, and what an installation and Envoy Gateway would have made. */
async function fill(cluster) {
  const kubectl = (...args) =>
    execFileSync(process.env.AIGW_TEST_KUBECTL, ['--kubeconfig', cluster.kubeconfig, ...args], { stdio: 'ignore' });
  for (const folder of ['helm/ai-gateway-crds/templates', process.env.AIGW_TEST_CRDS])
    kubectl('apply', '--server-side', '-f', folder);
  kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
  for (const name of ['envoy-gateway-system', 'envoy-ai-gateway-system'])
    await create(cluster, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await create(cluster, `${GATEWAY_API}/gatewayclasses`, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'eg' },
    spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
  });
  await create(cluster, `${GATEWAY_API}/namespaces/default/gateways`, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'g' },
    spec: { gatewayClassName: 'eg', listeners: [{ name: 'http', protocol: 'HTTP', port: 8888 }] },
  });
  await create(cluster, '/api/v1/namespaces/envoy-gateway-system/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'envoy', labels: PROXY_LABELS },
    spec: {
      containers: [
        { name: 'envoy', image: 'envoy' },
        { name: 'ai-gateway-extproc', image: 'x' },
      ],
    },
  });
}

async function startController(cluster, directory, main, programs) {
  const [port, webhookPort, healthPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const flags = [
    `-port=:${port}`,
    `-webhookPort=${webhookPort}`,
    `-healthPort=${healthPort}`,
    `-tlsCertDir=${directory}`,
  ];
  const controller = start(
    process.execPath,
    [main, 'controller', ...flags, '-logLevel=warn', '-enableLeaderElection=false'],
    join(directory, 'controller.log'),
    { KUBECONFIG: cluster.kubeconfig, POD_NAMESPACE: 'envoy-ai-gateway-system' },
  );
  programs.push(controller);
  await listening(controller, webhookPort, 'the controller');
  await delay(2_000);
  return controller;
}

async function measure(cluster, controller, routes) {
  const before = { writes: await writes(cluster), cpu: cpuSeconds(controller) };
  for (let index = 0; index < routes; index++) await createRoute(cluster, index);
  const createdMs = performance.now();
  await until('every HTTPRoute', async () => (await get(cluster, HTTP_ROUTES)).items.length >= routes);
  await until('every model in the filter config', async () => {
    const text = await configText(cluster);
    return Array.from({ length: routes }, (_, index) => text.includes(`"model-${nameOf(index)}"`)).every(Boolean);
  });
  const convergedSeconds = (performance.now() - createdMs) / 1000;
  await delay(10_000);
  const after = { writes: await writes(cluster), cpu: cpuSeconds(controller) };
  const more = [];
  for (let index = routes; index < routes + MORE_ROUTES; index++) more.push(await timeOneMore(cluster, index));
  await delay(5_000);
  const quiet = await writes(cluster);
  await delay(IDLE_SECONDS * 1000);
  return {
    convergedSeconds,
    writesPerRoute: (after.writes - before.writes - 3 * routes) / routes,
    cpuSeconds: after.cpu - before.cpu,
    peakMiB: Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${controller.pid}/status`, 'utf8'))[1]) / 1024,
    httpRouteMs: median(more.map(({ httpRouteMs }) => httpRouteMs)),
    filterConfigMs: median(more.map(({ filterConfigMs }) => filterConfigMs)),
    idleWrites: (await writes(cluster)) - quiet,
  };
}

async function timeOneMore(cluster, index) {
  await createRoute(cluster, index);
  const startMs = performance.now();
  const name = nameOf(index);
  await until(
    'one more HTTPRoute',
    async () => (await send(cluster, 'GET', `${HTTP_ROUTES}/${name}`)).status === 200,
    5,
  );
  const httpRouteMs = performance.now() - startMs;
  await until('one more model', async () => (await configText(cluster)).includes(`"model-${name}"`), 5);
  const filterConfigMs = performance.now() - startMs;
  await delay(1_000);
  return { httpRouteMs, filterConfigMs };
}

const nameOf = (index) => `r${String(index).padStart(5, '0')}`;
const median = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];

async function createRoute(cluster, index) {
  const name = nameOf(index);
  await create(cluster, `${ENVOY_GATEWAY_API}/backends`, {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'Backend',
    metadata: { name },
    spec: { endpoints: [{ fqdn: { hostname: 'provider.example.com', port: 443 } }] },
  });
  await create(cluster, `${AI_GATEWAY_API}/aiservicebackends`, {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIServiceBackend',
    metadata: { name },
    spec: { schema: { name: 'OpenAI' }, backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name } },
  });
  await create(cluster, `${AI_GATEWAY_API}/aigatewayroutes`, {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'g', kind: 'Gateway', group: 'gateway.networking.k8s.io' }],
      rules: [
        {
          matches: [{ headers: [{ type: 'Exact', name: 'x-ai-eg-model', value: `model-${name}` }] }],
          backendRefs: [{ name }],
        },
      ],
    },
  });
}

/** All Secrets that hold filter configs, as text. */
async function configText(cluster) {
  const { items } = await get(cluster, '/api/v1/namespaces/envoy-gateway-system/secrets');
  return items
    .flatMap(({ data = {} }) => Object.values(data))
    .map((value) => Buffer.from(value, 'base64'))
    .map((bytes) => (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8'))
    .join('\n');
}

/** Writes that the API server took; its own attempts to publish its endpoint, which loopback refuses, are left out. */
async function writes(cluster) {
  const { body } = await send(cluster, 'GET', '/metrics');
  return body
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{'))
    .filter((line) => /verb="(POST|PUT|PATCH|APPLY|DELETE)"/.test(line))
    .filter((line) => !/resource="(leases|events|endpoints|endpointslices)"/.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function get(cluster, path) {
  const { status, body } = await send(cluster, 'GET', path);
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.slice(0, 300)}`);
  return JSON.parse(body);
}

async function create(cluster, path, object) {
  const { status, body } = await send(cluster, 'POST', path, JSON.stringify(object));
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${body.slice(0, 300)}`);
}

function send({ port, agent }, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}`, ...(body && { 'content-type': 'application/json' }) };
    const call = request({ host: '127.0.0.1', port, agent, method, path, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function until(what, isSo, everyMs = 300) {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what} not reached within ${LIMIT_MS / 1000} s`);
    await delay(everyMs);
  }
}

function print(routes, figures) {
  console.log(
    `control plane, ${routes} routes: converged ${figures.convergedSeconds.toFixed(1)} s after the last create; ` +
      `${figures.writesPerRoute.toFixed(2)} writes per route beside the creates; controller ` +
      `${figures.cpuSeconds.toFixed(1)} CPU s, peak ${figures.peakMiB.toFixed(0)} MiB; one more route: HTTPRoute ` +
      `${figures.httpRouteMs.toFixed(0)} ms, filter config ${figures.filterConfigMs.toFixed(0)} ms; ` +
      `${figures.idleWrites} writes in ${IDLE_SECONDS} idle seconds`,
  );
}

/** What the filter config of all routes costs, written a few times, is no write of a route. */
const writesOfRoutes = (perRoute) => Math.round(perRoute);

function missedTargets(routes, figures) {
  if (routes !== 1_000) return [];
  return Object.entries(TARGETS)
    .filter(([name, most]) => (name === 'writesPerRoute' ? writesOfRoutes(figures[name]) : figures[name]) > most)
    .map(([name, most]) => `control plane: ${name} is ${figures[name].toFixed(2)}, at most ${most}`);
}
