import type { KubeObject } from '../../../src/shared/api/kube-object.js';
import type { ApiRequest } from './recording-proxy.js';

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export interface Role extends KubeObject {
  readonly rules: readonly PolicyRule[];
}

/** One verb on one resource, as `<verb> <resource>.<group>` with the names it is limited to. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly names: readonly string[];
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
}

/** Every right that roles give, one entry for each verb. */
export const rightsOf = (roles: readonly Role[]): readonly Right[] =>
  roles.flatMap(({ kind, rules, metadata }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            verb,
            group,
            resource,
            names: resourceNames,
            namespace: kind === 'Role' ? metadata.namespace : undefined,
          })),
        ),
      ),
    ),
  );

/** `patch pods`, `get leases.coordination.k8s.io (envoy-ai-gateway-controller)`. */
export const rightText = ({ verb, group, resource, names }: Omit<Right, 'namespace'>): string =>
  `${verb} ${group === '' ? resource : `${resource}.${group}`}${names.length === 0 ? '' : ` (${names.join(', ')})`}`;

export const isUsedBy = (right: Right, request: ApiRequest): boolean =>
  right.verb === request.verb &&
  right.group === request.group &&
  right.resource === request.resource &&
  (right.names.length === 0 || right.names.includes(request.name)) &&
  (right.namespace === undefined || right.namespace === request.namespace);
