import type { KubeObject } from '../../../shared/api/kube-object.js';
import {
  extProcContainer,
  extProcVolumes,
  SOCKET_DIRECTORY,
  type ContainerPlan,
} from '../../../shared/extproc-pod/container.js';
import { extProcConfigHash } from '../../../shared/extproc-pod/inputs.js';
import { ENVOY_CONTAINER, EXTPROC_CONTAINER, podAnnotations, volumeNames } from '../../../shared/extproc-pod/names.js';
import type { JsonPatch, JsonPatchOperation } from './admission-review.js';

export interface Injection extends ContainerPlan {
  /** The cluster runs init containers with `restartPolicy: Always` beside the others (Kubernetes 1.33 and later). */
  readonly hasNativeSidecars: boolean;
}

interface PodToPatch extends KubeObject {
  readonly spec?: {
    readonly containers?: readonly {
      readonly name: string;
      readonly volumeMounts?: readonly { readonly mountPath: string }[];
    }[];
    readonly initContainers?: readonly { readonly name: string }[];
    readonly volumes?: readonly { readonly name: string }[];
    readonly imagePullSecrets?: readonly { readonly name: string }[];
  };
}

/**
 * Puts the External Processor into a proxy pod. A pod that carries it, from here or from another installation, is left as it
 * is, so that doing it twice is doing it once. What it brings of volumes and mounts stays too, since a pod with two of a name or
 * at a path is refused. @see spec controller.md sections 11 and 19 (row 40)
 */
export function injectProcessor(pod: KubeObject, injection: Injection): JsonPatch {
  const { metadata, spec = {} } = pod as PodToPatch;
  const { containers = [], initContainers, volumes, imagePullSecrets } = spec;
  if ([...containers, ...(initContainers ?? [])].some(({ name }) => name === EXTPROC_CONTAINER)) return [];
  const container = extProcContainer(injection);
  const pullSecrets = injection.inputs.settings.imagePullSecrets
    .filter((name) => !imagePullSecrets?.some((known) => known.name === name))
    .map((name) => ({ name }));
  const newVolumes = extProcVolumes(injection).filter(({ name }) => !volumes?.some((known) => known.name === name));
  const envoy = containers.findIndex(({ name }) => name === ENVOY_CONTAINER);
  const mounts = containers[envoy]?.volumeMounts;
  const hasSocket = mounts?.some(({ mountPath }) => mountPath === SOCKET_DIRECTORY) ?? false;
  return [
    ...appended('/spec/volumes', volumes, newVolumes),
    ...appended('/spec/imagePullSecrets', imagePullSecrets, pullSecrets),
    ...(envoy < 0 || hasSocket
      ? []
      : appended(`/spec/containers/${envoy}/volumeMounts`, mounts, [
          { name: volumeNames.socket, mountPath: SOCKET_DIRECTORY },
        ])),
    ...(injection.hasNativeSidecars
      ? appended('/spec/initContainers', initContainers, [{ ...container, restartPolicy: 'Always' }])
      : appended('/spec/containers', containers, [container])),
    ...annotated(metadata.annotations, podAnnotations.configHash, extProcConfigHash(injection.inputs)),
  ];
}

function appended(path: string, existing: readonly unknown[] | undefined, values: readonly unknown[]): JsonPatch {
  if (values.length === 0) return [];
  if (existing === undefined || existing === null) return [{ op: 'add', path, value: values }];
  return values.map((value): JsonPatchOperation => ({ op: 'add', path: `${path}/-`, value }));
}

function annotated(existing: object | undefined, name: string, value: string): JsonPatch {
  if (existing === undefined || existing === null)
    return [{ op: 'add', path: '/metadata/annotations', value: { [name]: value } }];
  return [{ op: 'add', path: `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, value }];
}
