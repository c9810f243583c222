import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { differences } from '../../src/modules/crd/apply/live-difference.js';
import { ClusterClient } from '../../src/modules/crd/connection/cluster-client.js';
import { loadClusterConnection } from '../../src/modules/crd/connection/kube-config.js';
import { generateExtProcDeployment } from '../../src/modules/routing/generate/extproc-deployment.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { installCrds } from '../harness/kube/install-crds.js';
import { KubeCluster } from '../harness/kube/kube-cluster.js';

type AnyObject = KubeObject & Readonly<Record<string, unknown>>;

const metadata = { name: 'x', namespace: 'default' };
const gateway: KubeObject = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata };
const headerAttributes = { all: undefined, span: undefined, metrics: undefined, log: undefined };
const settings = {
  image: 'example.com/extproc:1',
  imagePullPolicy: 'IfNotPresent' as const,
  imagePullSecrets: ['pull'],
  logLevel: 'info',
  logFormat: 'json' as const,
  enableRedaction: false,
  rootPrefix: '/',
  endpointPrefixes: '',
  maxRecvMsgSizeBytes: 1,
  headerAttributes,
  extraEnvVars: [{ name: 'A', value: 'b' }],
  mcp: {
    sessionEncryptionSeed: 's',
    sessionEncryptionIterations: 1,
    fallbackSessionEncryptionSeed: '',
    fallbackSessionEncryptionIterations: 1,
  },
};
const inputs = { settings, overrides: undefined, needsMcp: false };

const httpRoute: AnyObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata,
  spec: {
    parentRefs: [{ name: 'g' }, { name: 'h', sectionName: 's', port: 80 }],
    hostnames: ['a.test'],
    rules: [
      { backendRefs: [{ name: 's', port: 80 }] },
      {
        name: 'full',
        matches: [
          { headers: [{ name: 'h', value: 'v' }] },
          { path: { value: '/a' }, headers: [{ type: 'RegularExpression', name: 'h', value: 'v.*' }] },
        ],
        filters: [
          {
            type: 'ExtensionRef',
            extensionRef: { group: 'gateway.envoyproxy.io', kind: 'HTTPRouteFilter', name: 'f' },
          },
        ],
        backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'b', weight: 3 }],
        timeouts: { request: '60s', backendRequest: '30s' },
      },
    ],
  },
};

const httpRouteFilter = (name: string, spec: object): AnyObject => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'HTTPRouteFilter',
  metadata: { ...metadata, name },
  spec,
});

const secret: AnyObject = { apiVersion: 'v1', kind: 'Secret', metadata, data: { a: 'eA==' } };

/** Objects as the control plane makes them: what the API server adds to them has to be known, or each start would write. */
const OBJECTS: readonly KubeObject[] = [
  httpRoute,
  httpRouteFilter('rewrite', { urlRewrite: { hostname: { type: 'Backend' } } }),
  httpRouteFilter('answer', { directResponse: { statusCode: 404, body: { type: 'Inline', inline: 'no' } } }),
  secret,
  ...generateExtProcDeployment(gateway, inputs, 'default', { replicas: 2, tlsSecret: 'tls' }),
];

describe('what the API server makes of applied objects', () => {
  let kube: KubeCluster;
  let client: ClusterClient;

  beforeAll(async () => {
    kube = await KubeCluster.start();
    await installCrds(kube.api);
    client = new ClusterClient(loadClusterConnection({ KUBECONFIG: kube.kubeconfig }));
  }, 120_000);

  afterAll(async () => {
    client.close();
    await kube.stop();
  });

  it.each(OBJECTS.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    'is no difference: %s',
    async (_, object) => {
      const { object: live, managed } = await client.apply(object, { force: false });
      expect(managed).toBeDefined();
      expect(differences(object, live, managed)).toEqual([]);
    },
  );

  it('is a difference when somebody changed a default', async () => {
    await client.apply(httpRoute, { force: true });
    const name = { type: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }, namespace: 'default', name: 'x' };
    const rules = (httpRoute['spec'] as { readonly rules: readonly object[] }).rules.map((rule) => ({
      ...rule,
      backendRefs: [{ name: 's', port: 80, weight: 7 }],
    }));
    const { object: live, managed } = await client.mergePatch(name, { spec: { rules } });
    expect(differences(httpRoute, live, managed).map(({ path }) => path.join('.'))).toContain(
      'spec.rules.0.backendRefs.0.weight',
    );
  });
});
