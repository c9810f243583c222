import type { AIServiceBackend } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { SCHEMA_NAMES, type SchemaName } from '../../../shared/filter-config/filter-config.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { error, warning } from './faults.js';
import { notWatchedMessage } from './not-watched.js';
import type { PolicyNode, ServiceBackendNode } from './route-graph.js';
import { authOfTarget } from './security-policy.js';

/** @see spec controller.md sections 7 and 9.1 */
export function resolveServiceBackend(
  world: Snapshot,
  object: AIServiceBackend,
  policies: readonly PolicyNode[],
): ServiceBackendNode {
  const { name, namespace = '' } = object.metadata;
  const { auth, problem } = authOfTarget({ type: kinds.aiServiceBackend, namespace, name }, policies);
  const { schema, backendRef } = object.spec ?? {};
  return {
    kind: 'service',
    object,
    ...(schema && { schema }),
    ...(backendRef && { backendRef }),
    policies,
    ...(auth && { auth }),
    faults: [
      ...schemaFaults(object),
      ...backendRefFaults(world, object, namespace),
      ...(problem ? [error(object, '', problem.reason, problem.message)] : []),
    ],
  };
}

function schemaFaults(object: AIServiceBackend): readonly Fault[] {
  const name = object.spec?.schema?.name;
  if (name && SCHEMA_NAMES.includes(name)) return [...unusedMembers(object, name), ...prefixFaults(object, name)];
  return [
    error(
      object,
      'spec.schema.name',
      'InvalidSpec',
      `schema "${name ?? ''}" is unknown: expected one of ${SCHEMA_NAMES.join(', ')}`,
    ),
  ];
}

/** Azure takes some prefixes, for its newer surface. @see spec api.md section 2, VersionedAPISchema */
function unusedMembers(object: AIServiceBackend, name: SchemaName): readonly Fault[] {
  const { version, prefix } = object.spec?.schema ?? {};
  const isPrefixed = PREFIXED.includes(name);
  const unused = (member: 'version' | 'prefix', instead: string) =>
    warning(
      object,
      `spec.schema.${member}`,
      'UnsupportedValue',
      `schema ${name} has no ${member}, and this one is left out: ${instead}`,
    );
  return [
    ...(version && isPrefixed
      ? [unused('version', 'drop it; where the API begins at the provider is told by prefix')]
      : []),
    ...(prefix && !isPrefixed && name !== 'AzureOpenAI' ? [unused('prefix', 'drop it')] : []),
  ];
}

const PREFIXED: readonly SchemaName[] = ['OpenAI', 'Anthropic'];

function prefixFaults(object: AIServiceBackend, name: SchemaName): readonly Fault[] {
  const prefix = object.spec?.schema?.prefix ?? '';
  if (!PREFIXED.includes(name) || !/[\s?#]/.test(prefix)) return [];
  const message =
    'white space, ? or # is no part of a path: write it as it stands in the URL of the provider, such as v1';
  return [warning(object, 'spec.schema.prefix', 'UnsupportedValue', message)];
}

function backendRefFaults(world: Snapshot, object: AIServiceBackend, ownNamespace: string): readonly Fault[] {
  const ref = object.spec?.backendRef;
  const { group, kind } = kinds.backend;
  if (!ref)
    return [error(object, 'spec.backendRef', 'InvalidSpec', `there is no backendRef: name a ${kind} of ${group}`)];
  if (ref.group !== group || ref.kind !== kind) {
    return [
      error(
        object,
        'spec.backendRef.kind',
        'InvalidKind',
        `${ref.kind ?? 'Service'} of group "${ref.group ?? ''}" is not supported: expected group "${group}", kind "${kind}"`,
      ),
    ];
  }
  const namespace = ref.namespace || ownNamespace;
  if (!world.isWatched(namespace)) {
    const message = notWatchedMessage({ type: kinds.backend, namespace, name: ref.name });
    return [error(object, 'spec.backendRef.namespace', 'NamespaceNotWatched', message)];
  }
  if (world.get(kinds.backend, namespace, ref.name)) return [];
  return [
    error(
      object,
      'spec.backendRef.name',
      'BackendNotFound',
      `${kind} ${namespace}/${ref.name} (${group}) does not exist: create it, or correct the name`,
      objectKey(kinds.backend, namespace, ref.name),
    ),
  ];
}
