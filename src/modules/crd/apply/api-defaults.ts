import { kinds } from '../../../shared/api/kinds.js';
import { groupOf, type GroupKind, type KubeObject } from '../../../shared/api/kube-object.js';

/** Whatever the API server chose, such as a cluster IP. */
const ANY = Symbol('any');

type Table = Readonly<Record<string, unknown>>;

/**
 * What the API server fills in where we say nothing, by path. A value that is no default was put there by somebody. What is
 * missing here costs a write after each start of the process, not more: apply learns it.
 */
const HTTP_ROUTE: Table = {
  'spec.parentRefs[].group': 'gateway.networking.k8s.io',
  'spec.parentRefs[].kind': 'Gateway',
  'spec.rules[].matches': [{ path: { type: 'PathPrefix', value: '/' } }],
  'spec.rules[].matches[].path': { type: 'PathPrefix', value: '/' },
  'spec.rules[].matches[].path.type': 'PathPrefix',
  'spec.rules[].matches[].path.value': '/',
  'spec.rules[].matches[].headers[].type': 'Exact',
  'spec.rules[].matches[].queryParams[].type': 'Exact',
  'spec.rules[].backendRefs[].group': '',
  'spec.rules[].backendRefs[].kind': 'Service',
  'spec.rules[].backendRefs[].weight': 1,
};

const POD_TEMPLATE: Table = {
  'spec.template.metadata.creationTimestamp': null,
  'spec.template.spec.restartPolicy': 'Always',
  'spec.template.spec.terminationGracePeriodSeconds': 30,
  'spec.template.spec.dnsPolicy': 'ClusterFirst',
  'spec.template.spec.securityContext': {},
  'spec.template.spec.schedulerName': 'default-scheduler',
  'spec.template.spec.serviceAccount': ANY,
  'spec.template.spec.volumes[].projected.defaultMode': 420,
  'spec.template.spec.volumes[].secret.defaultMode': 420,
  'spec.template.spec.volumes[].configMap.defaultMode': 420,
  ...Object.fromEntries(
    ['containers', 'initContainers'].flatMap((list) =>
      Object.entries({
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: ANY,
        resources: {},
        'ports[].protocol': 'TCP',
        'env[].valueFrom.fieldRef.apiVersion': 'v1',
        ...Object.fromEntries(
          ['readinessProbe', 'livenessProbe', 'startupProbe'].flatMap((probe) =>
            Object.entries({
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
              'httpGet.scheme': 'HTTP',
              'httpGet.path': '/',
              'grpc.service': '',
            }).map(([member, value]) => [`${probe}.${member}`, value]),
          ),
        ),
      }).map(([member, value]) => [`spec.template.spec.${list}[].${member}`, value]),
    ),
  ),
};

const TABLES: ReadonlyMap<string, Table> = new Map(
  (
    [
      [kinds.httpRoute, HTTP_ROUTE],
      [kinds.httpRouteFilter, { 'spec.directResponse.body.type': 'Inline' }],
      [kinds.secret, { type: 'Opaque' }],
      [
        kinds.service,
        {
          'spec.type': 'ClusterIP',
          'spec.clusterIP': ANY,
          'spec.clusterIPs': ANY,
          'spec.ipFamilies': ANY,
          'spec.ipFamilyPolicy': ANY,
          'spec.internalTrafficPolicy': 'Cluster',
          'spec.sessionAffinity': 'None',
          'spec.ports[].protocol': 'TCP',
          'spec.ports[].targetPort': ANY,
        },
      ],
      [
        kinds.deployment,
        {
          ...POD_TEMPLATE,
          'spec.replicas': ANY,
          'spec.strategy': { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
          'spec.strategy.type': 'RollingUpdate',
          'spec.strategy.rollingUpdate': { maxUnavailable: '25%', maxSurge: '25%' },
          'spec.strategy.rollingUpdate.maxUnavailable': '25%',
          'spec.strategy.rollingUpdate.maxSurge': '25%',
          'spec.revisionHistoryLimit': 10,
          'spec.progressDeadlineSeconds': 600,
        },
      ],
    ] satisfies readonly (readonly [GroupKind, Table])[]
  ).map(([{ group, kind }, table]) => [`${group}/${kind}`, table]),
);

const NO_DEFAULTS: Table = {};

export const defaultsOf = ({ apiVersion, kind }: KubeObject): Table =>
  TABLES.get(`${groupOf(apiVersion)}/${kind}`) ?? NO_DEFAULTS;

/** Empty lists and null say nothing either. */
export function isDefault(table: Table, pattern: string, value: unknown): boolean {
  if (value === null || (Array.isArray(value) && value.length === 0)) return true;
  if (!Object.hasOwn(table, pattern)) return false;
  const known = table[pattern];
  return (
    known === ANY || (typeof known === 'object' ? JSON.stringify(known) === JSON.stringify(value) : known === value)
  );
}
