import { KNOWN_ONLY_TO_US } from '../../../shared/api/known-only-to-us.js';
import { MANAGED_BY } from '../../../shared/api/managed-by.js';
import type { KubeObject, ObjectMeta } from '../../../shared/api/kube-object.js';
import type { Deployment } from '../../../shared/api/workloads.js';
import {
  ADMIN_PORT,
  extProcContainer,
  extProcVolumes,
  type ContainerPlan,
} from '../../../shared/extproc-pod/container.js';
import { extProcConfigHash, type ExtProcInputs } from '../../../shared/extproc-pod/inputs.js';
import { extProcServiceName, EXTPROC_PORT } from '../../../shared/extproc-pod/service.js';
import { gatewayHash, podAnnotations } from '../../../shared/extproc-pod/names.js';
import { GATEWAY_ANNOTATION, GATEWAY_HASH_LABEL } from './ownership.js';

export interface DeploymentOptions {
  readonly replicas: number;
  /** Secret with `tls.crt`, `tls.key` and `ca.crt` in the namespace of the Deployment; undefined: plain text. */
  readonly tlsSecret: string | undefined;
}

const TLS_DIRECTORY = '/etc/ai-gateway-extproc-tls';
const TLS_VOLUME = 'tls';
/** The processor announces its end, serves on, then lets open requests end; streams of models are long. */
const TERMINATION_GRACE_SECONDS = 360;

/**
 * The External Processor of one Gateway as a Deployment, for clusters that forbid sidecars, and the headless Service by which
 * Envoy finds its pods. A roll-out starts the new pod before the old one ends; requests whose second stream meets another pod
 * than the first are passed on between pods.
 *
 * @param namespace where the proxies run, and with them the Secrets of the filter config
 */
export function generateExtProcDeployment(
  gateway: KubeObject,
  inputs: ExtProcInputs,
  namespace: string,
  { replicas, tlsSecret }: DeploymentOptions,
): readonly KubeObject[] {
  const { name, namespace: gatewayNamespace = '' } = gateway.metadata;
  const own = extProcServiceName(gatewayNamespace, name);
  const plan: ContainerPlan = {
    gateway: { namespace: gatewayNamespace, name },
    inputs,
    hasBundle: true,
    hasLegacy: false,
    listenAddress: `:${EXTPROC_PORT}`,
    extraArgs: [
      '-peerAddress',
      `$(POD_IP):${EXTPROC_PORT}`,
      ...(tlsSecret === undefined ? [] : ['-extProcTLSCertDir', TLS_DIRECTORY]),
    ],
    extraEnv: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    extraPorts: [{ name: 'grpc', containerPort: EXTPROC_PORT, protocol: 'TCP' }],
    extraMounts: tlsSecret === undefined ? [] : [{ name: TLS_VOLUME, mountPath: TLS_DIRECTORY, readOnly: true }],
  };
  const selector = {
    'app.kubernetes.io/name': 'ai-gateway-extproc',
    [GATEWAY_HASH_LABEL]: gatewayHash(gatewayNamespace, name),
  };
  const marks = {
    labels: { ...MANAGED_BY, ...selector },
    annotations: { [GATEWAY_ANNOTATION]: `${gatewayNamespace}/${name}` },
  };
  const metadata = { name: own, namespace, ...marks, labels: { ...marks.labels, ...KNOWN_ONLY_TO_US } };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: podTemplate(plan, marks, tlsSecret),
    },
  };
  return [deployment, headlessService(metadata, selector)];
}

function podTemplate(
  plan: ContainerPlan,
  { labels, annotations }: Pick<ObjectMeta, 'labels' | 'annotations'>,
  tlsSecret: string | undefined,
) {
  const { inputs } = plan;
  return {
    metadata: {
      labels,
      annotations: { ...annotations, [podAnnotations.configHash]: extProcConfigHash(inputs) },
    },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
      containers: [extProcContainer(plan)],
      volumes: [
        ...extProcVolumes(plan),
        ...(tlsSecret === undefined ? [] : [{ name: TLS_VOLUME, secret: { secretName: tlsSecret } }]),
      ],
      ...(inputs.settings.imagePullSecrets.length > 0 && {
        imagePullSecrets: inputs.settings.imagePullSecrets.map((name) => ({ name })),
      }),
    },
  };
}

/** Name of the Secret that a Deployment of ours mounts for TLS, beside it. */
export function tlsSecretOf({ spec }: Deployment): string | undefined {
  return spec?.template?.spec?.volumes?.find(({ name }) => name === TLS_VOLUME)?.secret?.secretName;
}

/** Without an address of its own: Envoy sees the pods, and a connection stays with one. */
const headlessService = (metadata: ObjectMeta, selector: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: {
    clusterIP: 'None',
    selector,
    ports: [
      {
        name: 'grpc',
        port: EXTPROC_PORT,
        targetPort: EXTPROC_PORT,
        protocol: 'TCP',
        appProtocol: 'kubernetes.io/h2c',
      },
      { name: 'aigw-admin', port: ADMIN_PORT, targetPort: ADMIN_PORT, protocol: 'TCP' },
    ],
  },
});
