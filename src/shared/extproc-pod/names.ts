import { createHash } from 'node:crypto';

/**
 * Names and keys that the writer of the filter config, the pod webhook and the data plane agree on.
 * @see spec controller.md sections 10.1 and 11
 */
export const EXTPROC_CONTAINER = 'ai-gateway-extproc';
export const ENVOY_CONTAINER = 'envoy';

export const podAnnotations = {
  /** Id of the filter config; a change of the pod object makes the kubelet refresh mounted Secrets at once. */
  uuid: 'aigateway.envoyproxy.io/uuid',
  /** Hash of everything baked into the container; on pod templates, and on the pods that we injected. */
  configHash: 'aigateway.envoyproxy.io/extproc-config-hash',
} as const;

export const configSecretKeys = {
  index: 'index.yaml',
  chunk: 'chunk',
  legacy: 'filter-config.yaml',
} as const;

/** Kubernetes' limits of an object name and of a volume name. */
const OBJECT_NAME_MAX = 253;
const VOLUME_NAME_MAX = 63;
const HASH_LENGTH = 12;

/** Tells Gateways apart however their names are cut: 12 hex digits of SHA-256 of `<namespace>/<name>`. */
export const gatewayHash = (namespace: string, name: string): string =>
  createHash('sha256').update(`${namespace}/${name}`).digest('hex').slice(0, HASH_LENGTH);

export const configSecretNames = {
  index: (namespace: string, name: string) => {
    const suffix = `-${gatewayHash(namespace, name)}`;
    return `${trimmed(`${name}-${namespace}`.slice(0, OBJECT_NAME_MAX - suffix.length))}${suffix}`;
  },
  /** `part` counts from 0. */
  part: (namespace: string, name: string, part: number) => {
    const suffix = `-${gatewayHash(namespace, name)}-part-${String(part).padStart(3, '0')}`;
    return `${trimmed(`${name}-${namespace}`.slice(0, OBJECT_NAME_MAX - suffix.length))}${suffix}`;
  },
  /** The only Secret of old releases: the whole document, as long as it fits. */
  legacy: (namespace: string, name: string) => `${name}-${namespace}`,
} as const;

const BUNDLE_SUFFIX = '-bundle';
const VOLUME_PREFIX = 'ai-gateway-';

export const volumeNames = {
  socket: 'ai-gateway-extproc-uds',
  legacy: (namespace: string, name: string) => volumeName(namespace, name, ''),
  bundle: (namespace: string, name: string) => volumeName(namespace, name, BUNDLE_SUFFIX),
} as const;

/** Dots are legal in names of Gateways and not in those of volumes. @see spec controller.md section 19 (row 18) */
function volumeName(namespace: string, name: string, suffix: string): string {
  const end = `-${gatewayHash(namespace, name)}${suffix}`;
  const base = `${VOLUME_PREFIX}${name}-${namespace}`.replaceAll('.', '-');
  return `${base.slice(0, VOLUME_NAME_MAX - end.length).replace(/-+$/, '')}${end}`;
}

/** A cut may lie behind a dash or a dot, which no label of a name may begin or end with. */
const trimmed = (text: string): string => text.replace(/^[-.]+|[-.]+$/g, '');
