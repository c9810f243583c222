import type {
  AIGatewayRoute,
  AIServiceBackend,
  BackendSecurityPolicy,
  SecretObjectReference,
} from '../../../shared/api/ai-gateway.js';
import type { Gateway } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import {
  groupOf,
  objectKey,
  type GroupKind,
  type KubeObject,
  type ObjectKey,
} from '../../../shared/api/kube-object.js';
import { targetOf } from '../resolve/backend-ref.js';
import { childNames, exchangedSecretName } from '../resolve/child-names.js';
import { gatewayKeyOf } from '../resolve/parents.js';
import { gatewayConfigKeyOf } from '../resolve/resolve-gateway.js';

/** What objects name, as keys, whether or not the named ones exist; nothing for an object that is not there. */

export const gatewaysOfRoute = (route: AIGatewayRoute | undefined): readonly ObjectKey[] =>
  (route?.spec?.parentRefs ?? []).flatMap((ref) => gatewayKeyOf(route!, ref) ?? []);

export const backendsOfRoute = (route: AIGatewayRoute | undefined): readonly ObjectKey[] =>
  (route?.spec?.rules ?? []).flatMap((rule) =>
    (rule.backendRefs ?? []).map((ref) => {
      const { type, namespace, name } = targetOf(ref, namespaceOf(route!));
      return objectKey(type, namespace, name);
    }),
  );

export function envoyGatewayBackendOf(backend: AIServiceBackend | undefined): readonly ObjectKey[] {
  const ref = backend?.spec?.backendRef;
  return ref ? [objectKey(kinds.backend, ref.namespace || namespaceOf(backend), ref.name)] : [];
}

export const targetsOfPolicy = (policy: BackendSecurityPolicy | undefined): readonly ObjectKey[] =>
  (policy?.spec?.targetRefs ?? []).map((target) => objectKey(target, namespaceOf(policy!), target.name));

/** Secrets that a policy reads: those that it names, and the one that holds an exchanged token. */
export function secretsOfPolicy(policy: BackendSecurityPolicy | undefined): readonly ObjectKey[] {
  if (!policy) return [];
  const namespace = namespaceOf(policy);
  const named = secretRefsIn(policy.spec).map((ref) => objectKey(kinds.secret, ref.namespace || namespace, ref.name));
  return [...named, objectKey(kinds.secret, namespace, exchangedSecretName(policy.metadata.name))];
}

export const configOfGateway = (gateway: KubeObject | undefined): readonly ObjectKey[] => {
  const key = gateway && gatewayConfigKeyOf(gateway);
  return key === undefined ? [] : [key];
};

export const gatewayClassKey = (name: string): ObjectKey => objectKey(kinds.gatewayClass, '', name);

export function classOfGateway(gateway: KubeObject | undefined): readonly ObjectKey[] {
  const name = (gateway as Gateway | undefined)?.spec?.gatewayClassName;
  return name ? [gatewayClassKey(name)] : [];
}

/** Routes whose children could have this type and name. */
export function routesThatGenerate(type: GroupKind, namespace: string, name: string): readonly ObjectKey[] {
  const names =
    type.kind === kinds.httpRoute.kind
      ? [name]
      : type.kind === kinds.httpRouteFilter.kind
        ? CHILD_PREFIXES.filter((prefix) => name.startsWith(prefix)).map((prefix) => name.slice(prefix.length))
        : [];
  return names.map((route) => objectKey(kinds.aiGatewayRoute, namespace, route));
}

const CHILD_PREFIXES = [childNames.hostRewriteFilter(''), childNames.notFoundFilter(''), childNames.closedFilter('')];

/** The AIGatewayRoute that an object was generated for, by its controller reference. */
export function owningRouteOf(object: KubeObject): ObjectKey | undefined {
  // Others may refer to a route without being made by us, to go when it goes.
  const owner = object.metadata.ownerReferences?.find(
    ({ apiVersion, kind, controller }) =>
      controller === true && groupOf(apiVersion) === kinds.aiGatewayRoute.group && kind === kinds.aiGatewayRoute.kind,
  );
  return owner && objectKey(kinds.aiGatewayRoute, namespaceOf(object), owner.name);
}

export const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? '';

/** Members that name Secrets, wherever the credential kinds have them. @see spec api.md section 5.1 */
const SECRET_REF_MEMBERS: ReadonlySet<string> = new Set([
  'secretRef',
  'clientSecretRef',
  'clientSecret',
  'clientIDRef',
]);

function secretRefsIn(value: unknown): readonly SecretObjectReference[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([member, child]) =>
    SECRET_REF_MEMBERS.has(member) && isSecretRef(child) ? [child] : secretRefsIn(child),
  );
}

const isSecretRef = (value: unknown): value is SecretObjectReference =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
