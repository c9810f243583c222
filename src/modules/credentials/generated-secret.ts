import type { BackendSecurityPolicy, CredentialType } from '../../shared/api/ai-gateway.js';
import type { Secret } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { groupOf, objectKey, type KubeObject, type ObjectKey, type ObjectMeta } from '../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { isManagedByUs, MANAGED_BY } from '../../shared/api/managed-by.js';
import { exchangedSecretName } from '../routing/resolve/child-names.js';
import { secretAnnotations } from './annotations.js';
import type { ExchangedToken } from './exchange.js';
import type { KeptToken } from './policy/plan-rotation.js';

/** The Secret that keeps the token of a policy, if it is in the world. */
export const generatedSecret = (world: Snapshot, policy: ObjectKey): Secret | undefined =>
  world.get<Secret>(kinds.secret, namespaceOfKey(policy), exchangedSecretName(nameOfKey(policy)));

/** Where the token itself is in the Secret. @see spec controller.md section 13 */
const TOKEN_KEYS: Partial<Record<CredentialType, string>> = {
  AWSCredentials: 'credentials',
  AzureCredentials: 'azureAccessToken',
  GCPCredentials: 'gcpAccessToken',
};

/** What a Secret says about the token in it; undefined when it holds none for credentials of the type. */
export function keptToken(
  { data = {}, metadata: { annotations } }: Secret,
  type: CredentialType | undefined,
): Omit<KeptToken, 'clockShiftMs'> | undefined {
  if (!holdsToken(data, type)) return undefined;
  return {
    data,
    expiresAt: parseRfc3339(annotations?.[secretAnnotations.expiresAt]),
    issuedAt: parseRfc3339(annotations?.[secretAnnotations.issuedAt]),
    seal: annotations?.[secretAnnotations.seal],
  };
}

/** Whether values of a Secret hold a token for credentials of the type. */
export function holdsToken(data: Readonly<Record<string, string>>, type: CredentialType | undefined): boolean {
  const key = type && TOKEN_KEYS[type];
  return key !== undefined && Boolean(data[key]);
}

/** Values of a token as a Secret holds them: base64. */
export const encodedData = ({ data }: ExchangedToken): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(data)
      .map(([key, value]) => [key, Buffer.from(value.reveal()).toString('base64')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/**
 * The Secret as it should be around a token. `live` is what is there: type and an end of the token that cannot be read stay.
 * A token of another release gets the marks of this one, so that it is read, renewed and deleted like any other.
 */
export function desiredSecret(policy: BackendSecurityPolicy, token: KeptToken, live: Secret | undefined): Secret {
  const { name, namespace, uid } = policy.metadata;
  const expiresAt = token.expiresAt ? rfc3339(token.expiresAt) : undefined;
  const said = live?.metadata.annotations?.[secretAnnotations.expiresAt];
  const isSame = token.expiresAt?.getTime() === parseRfc3339(said)?.getTime();
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: exchangedSecretName(name),
      ...(namespace !== undefined && { namespace }),
      labels: MANAGED_BY,
      annotations: defined({
        // In the words of who wrote it, such as another precision, when it is the same instant.
        [secretAnnotations.expiresAt]: isSame ? said : expiresAt,
        [secretAnnotations.issuedAt]: token.issuedAt && rfc3339(token.issuedAt),
        [secretAnnotations.seal]: token.seal,
      }),
      // Without blockOwnerDeletion, which needs a right on finalizers where OwnerReferencesPermissionEnforcement is on.
      ...(uid !== undefined && {
        ownerReferences: [{ apiVersion: policy.apiVersion, kind: policy.kind, name, uid, controller: true }],
      }),
    },
    type: live?.type ?? 'Opaque',
    data: token.data,
  };
}

/** The policy that an object was generated for by this release: by label and controller reference. */
export function policyOfSecret(metadata: ObjectMeta): ObjectKey | undefined {
  const isMarked = isManagedByUs({ metadata });
  return isMarked ? owningPolicy(metadata) : undefined;
}

/** The BackendSecurityPolicy that controls an object. */
export function owningPolicy({ namespace = '', ownerReferences }: ObjectMeta): ObjectKey | undefined {
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  const { group, kind } = kinds.backendSecurityPolicy;
  if (owner?.kind !== kind || groupOf(owner.apiVersion) !== group) return undefined;
  return objectKey(kinds.backendSecurityPolicy, namespace, owner.name);
}

/** Whether a Secret of this name was made for the policy; the reference leaves some without owner, but not without the time. */
export function isGeneratedFor(policy: ObjectKey, { metadata }: KubeObject): boolean {
  const isControlled = metadata.ownerReferences?.some(({ controller }) => controller === true) ?? false;
  if (isControlled) return owningPolicy(metadata) === policy;
  return metadata.annotations?.[secretAnnotations.expiresAt] !== undefined;
}

/** Whole seconds: what is written is read by others. */
export const rfc3339 = (date: Date): string =>
  new Date(Math.floor(date.getTime() / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Undefined for anything that is no instant in the format of RFC 3339. */
export function parseRfc3339(text: string | undefined): Date | undefined {
  if (text === undefined || !RFC_3339.test(text)) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const defined = (entries: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
