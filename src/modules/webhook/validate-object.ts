import type {
  AIGatewayRoute,
  BackendSecurityPolicy,
  GatewayConfig,
  AIServiceBackend,
} from '../../shared/api/ai-gateway.js';
import type { Fault } from '../../shared/api/fault.js';
import { kinds } from '../../shared/api/kinds.js';
import { keyOf, objectKey, type GroupKind, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { azureIdentityFault } from '../credentials/azure-identity.js';
import { ResolveContext } from '../routing/resolve/context.js';
import { distinctFaults } from '../routing/resolve/faults.js';
import { faultsOfRoute, resolveGatewayConfig } from '../routing/resolve/resolve-gateway.js';
import { resolveRoute } from '../routing/resolve/resolve-route.js';
import type { AdmissionRequest, Verdict } from './admit/admission-review.js';

export interface ValidationSettings {
  /** Whose policies may use the controller's own Azure identity; `*` among them: all. */
  readonly azureAmbientNamespaces: readonly string[];
}

/** Faults that no other object can mend: the object is refused before anybody relies on it. */
const DENIED_REASONS: ReadonlySet<string> = new Set(['InvalidCost']);

/** A mistake that names more of them is told by a part. */
const SECRETS_MAX = 8;

/**
 * As {@link validateObject}, of an object that may be the first to name a Secret: the world holds only Secrets that somebody
 * names, so that others are asked for, rather than said to be missing. What cannot be read counts as missing.
 */
export async function admitObject(
  request: AdmissionRequest,
  world: Snapshot,
  settings: ValidationSettings,
  readSecret: (namespace: string, name: string) => Promise<KubeObject | undefined>,
): Promise<Verdict> {
  const missing = request.object ? missingSecrets(request.object, world, settings) : [];
  const secrets = await Promise.all(
    missing.map((key) => readSecret(namespaceOfKey(key), nameOfKey(key)).catch(() => undefined)),
  );
  const found = secrets.filter((secret) => secret !== undefined);
  return validateObject(request, found.length === 0 ? world : new OverlaidSnapshot(world, found), settings);
}

function missingSecrets(object: KubeObject, world: Snapshot, settings: ValidationSettings): readonly ObjectKey[] {
  const missing = ownFaults(object, world, settings).flatMap((fault) => fault.missing ?? []);
  return [...new Set(missing)].filter((key) => isKeyOf(key, kinds.secret)).slice(0, SECRETS_MAX);
}

/**
 * What CEL rules of the schema cannot see: a cost expression that does not compile is refused; whatever may be mended by
 * another object, such as a backend that is created a moment later, is only warned about. So is what was wrong before an
 * update already: an object that is older than this webhook can still be labelled, and mended step by step.
 */
export function validateObject(
  { object, oldObject }: AdmissionRequest,
  world: Snapshot,
  settings: ValidationSettings,
): Verdict {
  if (!object || object.metadata.deletionTimestamp !== undefined) return { allowed: true };
  const faults = ownFaults(object, world, settings);
  const former = new Set(oldObject ? ownFaults(oldObject, world, settings).map(({ message }) => message) : []);
  const denied = faults.filter(
    ({ reason, severity, message }) => severity === 'error' && DENIED_REASONS.has(reason) && !former.has(message),
  );
  const warnings = faults.filter((fault) => !denied.includes(fault)).map(toText);
  if (denied.length === 0) return { allowed: true, warnings };
  return { allowed: false, warnings, denial: { code: 422, message: denied.map(toText).join('; ') } };
}

function ownFaults(object: KubeObject, world: Snapshot, settings: ValidationSettings): readonly Fault[] {
  const own = keyOf(object);
  return faultsOf(object, new OverlaidSnapshot(world, [object]), settings).filter((fault) => fault.object === own);
}

const toText = ({ path, message }: Fault): string => (path === '' ? message : `${path}: ${message}`);

function faultsOf(object: KubeObject, world: Snapshot, settings: ValidationSettings): readonly Fault[] {
  const context = new ResolveContext(world);
  switch (object.kind) {
    case kinds.aiGatewayRoute.kind:
      return distinctFaults(faultsOfRoute(resolveRoute(context, object as AIGatewayRoute)));
    case kinds.aiServiceBackend.kind:
      return context.backend(object as AIServiceBackend).faults;
    case kinds.backendSecurityPolicy.kind:
      return faultsOfPolicy(context, object as BackendSecurityPolicy, settings);
    case kinds.gatewayConfig.kind:
      return resolveGatewayConfig(object as GatewayConfig).faults;
    default:
      return [];
  }
}

/** Nobody exchanges the credential of a policy before the policy is there, so that its absence is no fault. */
function faultsOfPolicy(
  context: ResolveContext,
  policy: BackendSecurityPolicy,
  { azureAmbientNamespaces }: ValidationSettings,
): readonly Fault[] {
  const faults = context.policy(policy).faults.filter(({ reason }) => reason !== 'TokenNotExchanged');
  const identity = azureIdentityFault(policy, azureAmbientNamespaces);
  return identity ? [...faults, identity] : faults;
}

/** The world as it would be with these objects. */
class OverlaidSnapshot implements Snapshot {
  readonly #objects: ReadonlyMap<ObjectKey, KubeObject>;

  constructor(
    private readonly world: Snapshot,
    objects: readonly KubeObject[],
  ) {
    this.#objects = new Map(objects.map((object) => [keyOf(object), object]));
  }

  get<T extends KubeObject>(type: GroupKind, namespace: string, name: string): T | undefined {
    const own = this.#objects.get(objectKey(type, namespace, name));
    return own ? (own as T) : this.world.get<T>(type, namespace, name);
  }

  list<T extends KubeObject>(type: GroupKind): readonly T[] {
    const objects = this.world.list<T>(type);
    const own = [...this.#objects].filter(([key]) => isKeyOf(key, type)).map(([, object]) => object as T);
    if (own.length === 0) return objects;
    return [...objects.filter((object) => !this.#objects.has(keyOf(object))), ...own];
  }

  isWrittenByUs(type: GroupKind, namespace: string, name: string): boolean {
    return this.world.isWrittenByUs(type, namespace, name);
  }

  isWatched(namespace: string): boolean {
    return this.world.isWatched(namespace);
  }
}
