import { createHash } from 'node:crypto';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import type { Container, DaemonSet, Deployment, Pod } from '../../../shared/api/workloads.js';
import { extProcConfigHash, resolveImage, type ExtProcInputs } from '../../../shared/extproc-pod/inputs.js';
import { EXTPROC_CONTAINER, podAnnotations } from '../../../shared/extproc-pod/names.js';
import type { ObjectPatch } from '../../crd/controller.js';
import type { Proxies } from './proxies.js';

export interface RollOutInputs {
  readonly proxies: Proxies;
  /** The container that the proxies shall carry; undefined: none. */
  readonly container: ExtProcInputs | undefined;
  /** Id of the filter config that the pods have mounted. */
  readonly configId: string | undefined;
  readonly now: Date;
  /** Pods stay as they are, whatever they carry. */
  readonly isHeld?: boolean;
}

/** Pods that a restart did not give what they lack are not replaced again before this time: the webhook may be off. */
export const RESTART_AGAIN_AFTER_MS = 300_000;

export interface RollOut {
  readonly patches: readonly ObjectPatch[];
  /** A roll-out is under way: nothing is decided before it ends. */
  readonly isWaiting: boolean;
  /** Workloads whose pods will be replaced. */
  readonly restarted: readonly (Deployment | DaemonSet)[];
  /** Pods that lack the container though they were replaced in order to get it. */
  readonly bare: readonly Pod[];
}

/**
 * Which pods have to be told of a new config, and which workloads have to replace their pods because the container they
 * carry, or do not carry, is not what it should be. Decided from the pods and templates alone, so the same world gives the
 * same patches and a settled one gives none. @see spec controller.md sections 12 and 19 (rows 12, 12b)
 */
export function planRollOut({ proxies, container, configId, now, isHeld = false }: RollOutInputs): RollOut {
  const patches =
    configId === undefined ? [] : proxies.pods.filter(hasProcessor).flatMap((pod) => configIdPatch(pod, configId));
  if (isHeld || proxies.workloads.some(isRollingOut)) return { patches, isWaiting: true, restarted: [], bare: [] };
  const wanted = container && extProcConfigHash(container);
  const stale = proxies.pods.filter((pod) => !isCurrent(pod, container, wanted, proxies.workloads));
  const bare = stale.filter((pod) => isRestartedInVain(pod, wanted, proxies.workloads));
  const due = stale.filter((pod) => !bare.includes(pod) || ageMs(pod, now) >= RESTART_AGAIN_AFTER_MS);
  const templates = proxies.workloads.flatMap((workload) => {
    const annotations = templateAnnotations(workload, wanted, due, proxies.pods.length > 0);
    if (annotations === undefined) return [];
    return [{ workload, patch: { spec: { template: { metadata: { annotations } } } } }];
  });
  return {
    patches: [...patches, ...templates.map(({ workload, patch }) => ({ object: keyOf(workload), patch }))],
    isWaiting: false,
    restarted: templates.map(({ workload }) => workload),
    bare,
  };
}

export const hasProcessor = (pod: Pod): boolean => processorOf(pod) !== undefined;

export const processorOf = ({ spec }: Pod): Container | undefined =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(({ name }) => name === EXTPROC_CONTAINER);

/** Tells a pod the id of the config that it has mounted. */
export const configIdPatch = (pod: KubeObject, configId: string): readonly ObjectPatch[] =>
  pod.metadata.annotations?.[podAnnotations.uuid] === configId
    ? []
    : [{ object: keyOf(pod), patch: { metadata: { annotations: { [podAnnotations.uuid]: configId } } } }];

/** Pods of our own webhook carry the hash; of others what can be seen of the container has to do. */
function isCurrent(
  pod: Pod,
  inputs: ExtProcInputs | undefined,
  wanted: string | undefined,
  workloads: readonly (Deployment | DaemonSet)[],
): boolean {
  const processor = processorOf(pod);
  if (!inputs || !processor) return !inputs && !processor;
  const hash = pod.metadata.annotations?.[podAnnotations.configHash];
  if (hash !== undefined) return hash === wanted;
  return (
    workloads.some((workload) => hashOf(workload) === wanted) &&
    processor.image === resolveImage(inputs) &&
    argumentOf(processor, '-logLevel') === inputs.settings.logLevel &&
    (argumentOf(processor, '-mcpAddr') !== undefined) === inputs.needsMcp
  );
}

/** A pod has the annotations of the template that it was made from: one that was restarted for the right hash already. */
function isRestartedInVain(
  pod: Pod,
  wanted: string | undefined,
  workloads: readonly (Deployment | DaemonSet)[],
): boolean {
  const made = pod.metadata.annotations;
  const id = made?.[podAnnotations.uuid];
  return (
    wanted !== undefined &&
    !hasProcessor(pod) &&
    made?.[podAnnotations.configHash] === wanted &&
    id !== undefined &&
    workloads.some((workload) => templateAnnotation(workload, podAnnotations.uuid) === id)
  );
}

const ageMs = ({ metadata }: Pod, now: Date): number =>
  now.getTime() - Date.parse(metadata.creationTimestamp ?? now.toISOString());

const argumentOf = ({ args = [] }: Container, flag: string): string | undefined => {
  const index = args.indexOf(flag);
  return index < 0 ? undefined : args[index + 1];
};

const templateAnnotation = (workload: Deployment | DaemonSet, name: string): string | undefined =>
  workload.spec?.template?.metadata?.annotations?.[name];

const hashOf = (workload: Deployment | DaemonSet): string | undefined =>
  templateAnnotation(workload, podAnnotations.configHash);

/**
 * What has to be written into a template, undefined when it may stay. Without pods there is nobody to replace: only a hash
 * that is there is kept true, and pods to come are the webhook's affair.
 */
function templateAnnotations(
  workload: Deployment | DaemonSet,
  wanted: string | undefined,
  stale: readonly Pod[],
  hasPods: boolean,
): Readonly<Record<string, string | null>> | undefined {
  const stored = hashOf(workload);
  if (!hasPods)
    return stored === undefined || stored === wanted ? undefined : { [podAnnotations.configHash]: wanted ?? null };
  if (stale.length === 0) return undefined;
  if (stored !== wanted) return { [podAnnotations.configHash]: wanted ?? null };
  // The template is right and the pods are not, such as pods made before the webhook could serve: another value is needed.
  const id = restartId(stale);
  return templateAnnotation(workload, podAnnotations.uuid) === id ? undefined : { [podAnnotations.uuid]: id };
}

/** A function of the pods that have to go, so that each set of them is replaced once. */
function restartId(stale: readonly Pod[]): string {
  const uids = stale.map(({ metadata }) => metadata.uid ?? metadata.name).sort();
  const hex = createHash('sha256').update(uids.join('\n')).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** @see spec controller.md section 12, order 1 */
function isRollingOut(workload: Deployment | DaemonSet): boolean {
  const generation = workload.metadata.generation ?? 0;
  const observed = workload.status?.observedGeneration ?? 0;
  if (workload.kind === 'Deployment') {
    const { replicas = 0, updatedReplicas = 0 } = workload.status ?? {};
    return observed < generation || replicas > updatedReplicas;
  }
  const { currentNumberScheduled = 0, updatedNumberScheduled = 0 } = workload.status ?? {};
  return observed !== 0 && (observed < generation || currentNumberScheduled > updatedNumberScheduled);
}
