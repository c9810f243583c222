import type { Metadata } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { internalMetadata } from '../../../shared/headers.js';
import { internalMetadataText } from './filter-metadata.js';

/** What hooks and annotations say about an InferencePool, `inference.networking.k8s.io/v1`. */
export interface InferencePool extends KubeObject {
  readonly kind: 'InferencePool';
  readonly spec?: {
    readonly endpointPickerRef?: {
      /** A Service of the pool's namespace. */
      readonly name?: string;
      readonly port?: { readonly number?: number };
      /** Default `FailClose`. */
      readonly failureMode?: string;
    };
  };
}

/** Body mode towards the endpoint picker: `duplex` (default, also for unknown values) or `buffered`. */
const BODY_MODE_ANNOTATION = 'aigateway.envoyproxy.io/processing-body-mode';
/** Exactly `true`: the endpoint picker may change the modes of a request. */
const MODE_OVERRIDE_ANNOTATION = 'aigateway.envoyproxy.io/allow-mode-override';

const DEFAULT_PICKER_PORT = 9002;
const PORT_MAX = 65_535;
const DEFAULT_BODY_MODE = 'duplex';
const DEFAULT_MODE_OVERRIDE = 'false';

/** A pool and its endpoint picker, as the hooks hand them on from clusters and routes to the whole translation. */
export interface PoolReference {
  readonly namespace: string;
  readonly name: string;
  readonly pickerService: string;
  readonly pickerPort: number;
  /** Value of {@link BODY_MODE_ANNOTATION}. */
  readonly bodyMode: string;
  /** Value of {@link MODE_OVERRIDE_ANNOTATION}. */
  readonly modeOverride: string;
}

/**
 * The InferencePools among the Kubernetes objects (JSON) of a hook; other kinds are skipped, and so is with a problem what
 * cannot be read. @see spec extension-server.md section 6
 */
export function parsePools(resources: readonly Uint8Array[]): {
  pools: readonly PoolReference[];
  problems: readonly string[];
} {
  const pools: PoolReference[] = [];
  const problems: string[] = [];
  for (const bytes of resources) {
    const object = parseObject(bytes);
    if (object === undefined) problems.push('an extension resource is no JSON object; it is skipped');
    else if (object['apiVersion'] === 'inference.networking.k8s.io/v1' && object['kind'] === 'InferencePool') {
      const pool = poolReference(object);
      if (typeof pool === 'string') problems.push(pool);
      else pools.push(pool);
    }
  }
  return { pools, problems };
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** The reference, or why there is none. */
function poolReference(object: Readonly<Record<string, unknown>>): PoolReference | string {
  const metadata = asObject(object['metadata']);
  const picker = asObject(asObject(object['spec'])?.['endpointPickerRef']);
  const namespace = asName(metadata?.['namespace']);
  const name = asName(metadata?.['name']);
  if (namespace === undefined || name === undefined) return 'an InferencePool has no name or namespace; it is skipped';
  const pickerService = asName(picker?.['name']);
  if (pickerService === undefined)
    return `InferencePool ${namespace}/${name}: spec.endpointPickerRef.name is missing; name the Service of the picker`;
  const number = asObject(picker?.['port'])?.['number'];
  const annotations = asObject(metadata?.['annotations']);
  return {
    namespace,
    name,
    pickerService,
    pickerPort: isPort(number) ? number : DEFAULT_PICKER_PORT,
    bodyMode: asName(annotations?.[BODY_MODE_ANNOTATION]) ?? DEFAULT_BODY_MODE,
    modeOverride: asName(annotations?.[MODE_OVERRIDE_ANNOTATION]) ?? DEFAULT_MODE_OVERRIDE,
  };
}

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= PORT_MAX;

/** A text that can be one part of the encoded form. */
const asName = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && !value.includes('/') ? value : undefined;

const asObject = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

/** `<ns>/<pool>/<picker service>/<picker port>/<body mode>/<mode override>`, the reference's form. */
export const encodePool = (pool: PoolReference): string =>
  [pool.namespace, pool.name, pool.pickerService, pool.pickerPort, pool.bodyMode, pool.modeOverride].join('/');

/** Undefined for a text of any other form. */
export function decodePool(text: string): PoolReference | undefined {
  const [namespace, name, pickerService, port, bodyMode, modeOverride, ...more] = text.split('/');
  if (!namespace || !name || !pickerService || bodyMode === undefined || modeOverride === undefined) return undefined;
  if (more.length > 0 || !/^\d{1,5}$/.test(port ?? '') || Number(port) > PORT_MAX) return undefined;
  return { namespace, name, pickerService, pickerPort: Number(port), bodyMode, modeOverride };
}

/** The pool of a cluster or route. */
export function poolOf(metadata: Metadata | undefined): PoolReference | undefined {
  const text = internalMetadataText(metadata, internalMetadata.inferencePool);
  return text === undefined ? undefined : decodePool(text);
}

/** DNS name of the endpoint picker. */
export const pickerHost = ({ pickerService, namespace }: PoolReference): string => `${pickerService}.${namespace}.svc`;
export const pickerAuthority = (pool: PoolReference): string => `${pickerHost(pool)}:${pool.pickerPort}`;
export const pickerClusterName = ({ name, namespace }: PoolReference): string =>
  `envoy.clusters.endpointpicker_${name}_${namespace}_ext_proc`;
export const pickerFilterName = ({ name, namespace }: PoolReference): string =>
  `envoy.filters.http.ext_proc/endpointpicker/${name}_${namespace}_ext_proc`;

/** Each pool once, in the order of names, so that the order of routes and clusters changes no listener (21.6). */
export function distinctPools(pools: Iterable<PoolReference>): readonly PoolReference[] {
  const byName = new Map<string, PoolReference>();
  const sorted = [...pools].map((pool) => ({ pool, text: encodePool(pool) }));
  sorted.sort((left, right) => (left.text < right.text ? -1 : 1));
  for (const { pool } of sorted) {
    const name = pickerFilterName(pool);
    if (!byName.has(name)) byName.set(name, pool);
  }
  return [...byName].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, pool]) => pool);
}
