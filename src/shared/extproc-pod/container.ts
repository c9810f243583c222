import type { EnvVar, ExtProcInputs, McpSettings } from './inputs.js';
import { resolveImage } from './inputs.js';
import { configSecretKeys, configSecretNames, EXTPROC_CONTAINER, volumeNames } from './names.js';
import { PARTS_MAX } from '../filter-config/bundle.js';

/** Where the socket lies in both containers; the xDS names it. */
export const SOCKET_DIRECTORY = '/etc/ai-gateway-extproc-uds';
export const SOCKET_PATH = `${SOCKET_DIRECTORY}/run.sock`;
const BUNDLE_DIRECTORY = '/etc/filter-config-bundle';
const LEGACY_DIRECTORY = '/etc/filter-config';
/** Where only the processor's own volumes are mounted. */
export const RESERVED_MOUNT_PATHS: readonly string[] = [SOCKET_DIRECTORY, BUNDLE_DIRECTORY, LEGACY_DIRECTORY];
export const ADMIN_PORT = 1064;
const ADMIN_PORT_NAME = 'aigw-admin';
const NONROOT = 65_532;

export interface ContainerPlan {
  /** Namespace and name of the Gateway. */
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly inputs: ExtProcInputs;
  /** Which Secrets with the filter config are there to be mounted. */
  readonly hasBundle: boolean;
  readonly hasLegacy: boolean;
  /** `unix://…` or `:<port>`. */
  readonly listenAddress: string;
  /** Beside those of the plan, such as TLS flags of a Deployment. */
  readonly extraArgs?: readonly string[];
  readonly extraEnv?: readonly EnvVar[];
  readonly extraPorts?: readonly object[];
  readonly extraMounts?: readonly Mount[];
}

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

/** The container of the External Processor. @see spec controller.md section 11, ops.md D2 */
export function extProcContainer(plan: ContainerPlan): Readonly<Record<string, unknown>> {
  const { overrides, settings } = plan.inputs;
  return {
    name: EXTPROC_CONTAINER,
    image: resolveImage(plan.inputs),
    imagePullPolicy: settings.imagePullPolicy,
    ports: [{ name: ADMIN_PORT_NAME, containerPort: ADMIN_PORT, protocol: 'TCP' }, ...(plan.extraPorts ?? [])],
    args: extProcArgs(plan),
    env: mergeEnv(settings.extraEnvVars, [...(overrides?.env ?? []), ...(plan.extraEnv ?? [])]),
    volumeMounts: mountsOf(plan),
    securityContext: overrides?.securityContext ?? RESTRICTED,
    ...(overrides?.resources && { resources: overrides.resources }),
    // One missed answer of a busy processor must not take its proxy out of service (ops.md I1, row 22).
    readinessProbe: probe({ initialDelaySeconds: 2, timeoutSeconds: 5, periodSeconds: 10, failureThreshold: 3 }),
    // As a native sidecar it holds Envoy back until it can answer (controller.md 19, row 19).
    startupProbe: probe({ timeoutSeconds: 5, periodSeconds: 1, failureThreshold: 120 }),
  };
}

/** Volumes that the container mounts, beside those of `overrides`, which the pod has to bring. */
export function extProcVolumes(plan: ContainerPlan): readonly Readonly<Record<string, unknown>>[] {
  const { namespace, name } = plan.gateway;
  const part = (index: number) => ({
    secret: {
      name: configSecretNames.part(namespace, name, index),
      // All of them are mounted, so that the number of parts may change without a restart.
      optional: true,
      items: [{ key: configSecretKeys.chunk, path: `parts/${String(index).padStart(3, '0')}` }],
    },
  });
  const index = {
    secret: {
      name: configSecretNames.index(namespace, name),
      items: [{ key: configSecretKeys.index, path: configSecretKeys.index }],
    },
  };
  return [
    ...(isSocket(plan) ? [{ name: volumeNames.socket, emptyDir: {} }] : []),
    ...(plan.hasLegacy
      ? [
          {
            name: volumeNames.legacy(namespace, name),
            secret: { secretName: configSecretNames.legacy(namespace, name) },
          },
        ]
      : []),
    ...(plan.hasBundle
      ? [
          {
            name: volumeNames.bundle(namespace, name),
            projected: { sources: [index, ...Array.from({ length: PARTS_MAX }, (_, i) => part(i))] },
          },
        ]
      : []),
  ];
}

const isSocket = ({ listenAddress }: ContainerPlan): boolean => listenAddress.startsWith('unix:');

function extProcArgs({ inputs, hasBundle, listenAddress, extraArgs = [] }: ContainerPlan): readonly string[] {
  const { settings, needsMcp } = inputs;
  const { mcp, headerAttributes: attributes } = settings;
  const given = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
  return [
    ...(hasBundle
      ? ['-configBundlePath', BUNDLE_DIRECTORY]
      : ['-configPath', `${LEGACY_DIRECTORY}/${configSecretKeys.legacy}`]),
    '-logLevel',
    settings.logLevel,
    '-extProcAddr',
    listenAddress,
    '-adminPort',
    String(ADMIN_PORT),
    '-rootPrefix',
    settings.rootPrefix,
    '-maxRecvMsgSize',
    String(settings.maxRecvMsgSizeBytes),
    ...(settings.logFormat === 'text' ? [] : ['-logFormat', settings.logFormat]),
    ...(needsMcp ? mcpArgs(mcp) : []),
    ...given('-requestHeaderAttributes', attributes.all),
    ...given('-spanRequestHeaderAttributes', attributes.span),
    ...given('-metricsRequestHeaderAttributes', attributes.metrics),
    ...given('-logRequestHeaderAttributes', attributes.log),
    ...(settings.endpointPrefixes === '' ? [] : ['-endpointPrefixes', settings.endpointPrefixes]),
    ...(settings.enableRedaction ? ['-enableRedaction'] : []),
    ...extraArgs,
  ];
}

const mcpArgs = (mcp: McpSettings): readonly string[] => [
  '-mcpAddr',
  ':9856',
  '-mcpSessionEncryptionSeed',
  mcp.sessionEncryptionSeed,
  '-mcpSessionEncryptionIterations',
  String(mcp.sessionEncryptionIterations),
  ...(mcp.fallbackSessionEncryptionSeed === ''
    ? []
    : [
        '-mcpFallbackSessionEncryptionSeed',
        mcp.fallbackSessionEncryptionSeed,
        '-mcpFallbackSessionEncryptionIterations',
        String(mcp.fallbackSessionEncryptionIterations),
      ]),
];

/**
 * Those of the GatewayConfig stand between the socket and the configs, and never in the place of what the processor needs: a
 * container with two mounts at one path makes its pod invalid, and then no Envoy would start.
 */
function mountsOf(plan: ContainerPlan): readonly Mount[] {
  const socket = isSocket(plan) ? [{ name: volumeNames.socket, mountPath: SOCKET_DIRECTORY }] : [];
  const needed = [...configMounts(plan), ...(plan.extraMounts ?? [])];
  const taken = new Set([...RESERVED_MOUNT_PATHS, ...needed.map(({ mountPath }) => mountPath)]);
  const further = (plan.inputs.overrides?.volumeMounts ?? []).filter(({ mountPath }) => {
    const isFree = !taken.has(mountPath);
    taken.add(mountPath);
    return isFree;
  });
  return [...socket, ...further, ...needed];
}

function configMounts({ gateway: { namespace, name }, hasBundle, hasLegacy }: ContainerPlan): readonly Mount[] {
  return [
    ...(hasLegacy ? [{ name: volumeNames.legacy(namespace, name), mountPath: LEGACY_DIRECTORY, readOnly: true }] : []),
    ...(hasBundle ? [{ name: volumeNames.bundle(namespace, name), mountPath: BUNDLE_DIRECTORY, readOnly: true }] : []),
  ];
}

/** Those of the GatewayConfig take the place of equally named ones; new ones are appended. */
function mergeEnv(base: readonly EnvVar[], overrides: readonly EnvVar[]): readonly EnvVar[] {
  const byName = new Map(base.map((variable) => [variable.name, variable]));
  for (const variable of overrides) byName.set(variable.name, variable);
  return [...byName.values()];
}

const probe = (timing: object) => ({
  httpGet: { path: '/health', port: ADMIN_PORT, scheme: 'HTTP' },
  successThreshold: 1,
  ...timing,
});

/** Pod Security "restricted", and a root file system that nobody writes to: the socket has a volume of its own. */
const RESTRICTED = {
  runAsNonRoot: true,
  runAsUser: NONROOT,
  runAsGroup: NONROOT,
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
