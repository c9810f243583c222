import { pino } from 'pino';
import { Cluster, type ClusterParts } from '../../src/modules/crd/cluster.js';
import { loadClusterConnection } from '../../src/modules/crd/connection/kube-config.js';
import { ControlPlaneMetrics } from '../../src/modules/crd/control-plane-metrics.js';
import type { Change, Controller, Desired } from '../../src/modules/crd/controller.js';
import { INFORMER_LIMITS } from '../../src/modules/crd/informers/informer.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import type { AIGatewayRoute } from '../../src/shared/api/ai-gateway.js';
import type { ConditionedObject } from '../../src/shared/api/conditions.js';
import { kinds } from '../../src/shared/api/kinds.js';
import { keyOf, objectKey, type KubeObject, type ObjectKey } from '../../src/shared/api/kube-object.js';
import type { Snapshot } from '../../src/shared/api/snapshot.js';
import type { KubeCluster } from '../harness/kube/kube-cluster.js';
import { recordLine } from '../harness/recording.js';

export const NAMESPACE = 'default';
/** What an AIGatewayRoute of these tests refers to, and by which it makes its HTTPRoute say something. */
export const annotations = { secret: 'test/secret', hostname: 'test/hostname', label: 'test/label' } as const;

export const aiRoute = (name: string, said: Readonly<Record<string, string>> = {}): AIGatewayRoute => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { name, namespace: NAMESPACE, annotations: said },
  spec: { parentRefs: [{ name: 'g', kind: 'Gateway', group: 'gateway.networking.k8s.io' }], rules: [] },
});

/** Owner reference by which the test controller owns what it makes. */
export const ownerOf = ({ apiVersion, kind, metadata }: KubeObject) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
});

/** An HTTPRoute for each AIGatewayRoute, which tells the length of a Secret by a label. */
class TestController implements Controller {
  readonly name = 'test';
  readonly holdOff = { quietMs: Math.random() * 20, maxMs: 50 };

  *triggers({ before, after }: Change, world: Snapshot): Iterable<ObjectKey> {
    const object = (after ?? before)!;
    if (object.kind === kinds.aiGatewayRoute.kind) yield keyOf(object);
    if (object.kind === kinds.httpRoute.kind) yield objectKey(kinds.aiGatewayRoute, NAMESPACE, object.metadata.name);
    if (object.kind === kinds.secret.kind) yield* world.list(kinds.aiGatewayRoute).map(keyOf);
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot): readonly Desired[] {
    return roots.map((root) => {
      const name = root.slice(root.lastIndexOf('/') + 1);
      const route = world.get<AIGatewayRoute>(kinds.aiGatewayRoute, NAMESPACE, name);
      const nothing = { root, objects: [], deletes: [], patches: [], conditions: new Map(), events: [] };
      if (!route) {
        const child = world.get(kinds.httpRoute, NAMESPACE, name);
        const isOurs = child?.metadata.ownerReferences?.some((owner) => owner.kind === kinds.aiGatewayRoute.kind);
        return { ...nothing, deletes: isOurs ? [keyOf(child!)] : [] };
      }
      return {
        ...nothing,
        objects: [generated(route, world)],
        conditions: new Map([
          [
            root,
            [
              {
                type: 'Accepted',
                status: 'True',
                reason: 'ReconciliationSucceeded',
                message: 'fine',
                observedGeneration: route.metadata.generation ?? 0,
              },
            ],
          ],
        ]),
      };
    });
  }
}

function generated(route: AIGatewayRoute, world: Snapshot): KubeObject {
  const said = route.metadata.annotations ?? {};
  const hostname = said[annotations.hostname];
  const label = said[annotations.label];
  const secretName = said[annotations.secret];
  const secret = secretName === undefined ? undefined : world.get(kinds.secret, NAMESPACE, secretName);
  const data = (secret as { readonly data?: Readonly<Record<string, string>> } | undefined)?.data;
  const httpRoute = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name: route.metadata.name,
      namespace: NAMESPACE,
      labels: {
        ...(label !== undefined && { label }),
        ...(secretName !== undefined && { secret: data ? String(Object.keys(data).length) : 'missing' }),
      },
      ownerReferences: [ownerOf(route)],
    },
    spec: {
      parentRefs: [{ name: 'g' }],
      ...(hostname !== undefined && { hostnames: [hostname] }),
      rules: [
        {
          matches: [{ headers: [{ name: 'x', value: 'y' }] }],
          backendRefs: [{ group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'b' }],
        },
      ],
    },
  };
  return httpRoute;
}

export interface StartedCluster {
  readonly cluster: Cluster;
  /** What it ended with, if it did. */
  readonly fatal: Promise<Error>;
}

/** The cluster seam with the test controller, against a real API server. */
export function startCluster(
  kube: KubeCluster,
  identity: string,
  more: {
    readonly kubeconfig?: string;
    readonly parts?: Partial<ClusterParts>;
    readonly elects?: boolean;
    readonly migrates?: boolean;
    readonly watchNamespaces?: readonly string[];
    readonly cacheSyncTimeoutMs?: number;
  } = {},
): StartedCluster {
  const fatal = Promise.withResolvers<Error>();
  const cluster = new Cluster({
    settings: {
      connection: loadClusterConnection({ KUBECONFIG: more.kubeconfig ?? kube.kubeconfig }),
      namespace: NAMESPACE,
      identity,
      watchNamespaces: more.watchNamespaces ?? [],
      envoyGatewayNamespace: 'envoy-gateway-system',
      cacheSyncTimeoutMs: more.cacheSyncTimeoutMs ?? 20_000,
      usesLeaderElection: more.elects ?? false,
      migratesStorageVersions: more.migrates ?? false,
    },
    controllers: [new TestController()],
    secrets: {
      references: ({ kind, metadata }) => {
        const name = kind === kinds.aiGatewayRoute.kind ? metadata.annotations?.[annotations.secret] : undefined;
        return name === undefined ? [] : [objectKey(kinds.secret, NAMESPACE, name)];
      },
      isOwn: ({ labels }) => labels?.['test'] === 'own',
    },
    metrics: new ControlPlaneMetrics(new MetricsRegistry()),
    logger: pino({ level: 'debug' }, { write: recordLine }),
    onFatal: fatal.resolve,
    informerLimits: { ...INFORMER_LIMITS, retry: { firstMs: 20, maxMs: 500 }, absentRetryMs: 200 },
    leaseTimes: { leaseMs: 3_000, renewMs: 1_500, retryMs: 200 },
    ...more.parts,
  });
  cluster.start();
  return { cluster, fatal: fatal.promise };
}

export const acceptedOf = (object: ConditionedObject | undefined) => object?.status?.conditions?.[0];
