import type {
  AIGatewayRoute,
  BackendSecurityPolicy,
  GatewayConfig,
  AIServiceBackend,
} from '../../shared/api/ai-gateway.js';
import type { Fault } from '../../shared/api/fault.js';
import { kinds } from '../../shared/api/kinds.js';
import {
  groupOf,
  keyOf,
  objectKey,
  type GroupKind,
  type KubeObject,
  type ObjectKey,
} from '../../shared/api/kube-object.js';
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
  return faultsOf(object, new OverlaidSnapshot(world, object), settings).filter((fault) => fault.object === own);
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

/** The world as it would be with the object. */
class OverlaidSnapshot implements Snapshot {
  readonly #key: ObjectKey;
  readonly #type: GroupKind;

  constructor(
    private readonly world: Snapshot,
    private readonly object: KubeObject,
  ) {
    this.#key = keyOf(object);
    this.#type = { group: groupOf(object.apiVersion), kind: object.kind };
  }

  get<T extends KubeObject>(type: GroupKind, namespace: string, name: string): T | undefined {
    if (objectKey(type, namespace, name) === this.#key) return this.object as T;
    return this.world.get<T>(type, namespace, name);
  }

  list<T extends KubeObject>(type: GroupKind): readonly T[] {
    const objects = this.world.list<T>(type);
    if (type.kind !== this.#type.kind || type.group !== this.#type.group) return objects;
    return [...objects.filter((object) => keyOf(object) !== this.#key), this.object as T];
  }

  isWatched(namespace: string): boolean {
    return this.world.isWatched(namespace);
  }
}
