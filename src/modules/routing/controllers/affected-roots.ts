import type { AIGatewayRoute, AIServiceBackend, BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, objectKey, type GroupKind, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import type { ReferenceGrant } from '../../../shared/api/reference-grants.js';
import { gatewaysRecordedAnew } from '../../../shared/api/translation-record.js';
import type { Deployment } from '../../../shared/api/workloads.js';
import type { Change } from '../../crd/controller.js';
import { tlsSecretOf } from '../generate/extproc-deployment.js';
import { generatedForGateway } from '../generate/ownership.js';
import { owningClassOf, owningGatewayOf } from '../workloads/owning-gateway.js';
import { KeyRelation } from './key-relation.js';
import * as references from './references.js';

/**
 * Whom a change concerns, upwards along
 *
 *     Secret ─▶ policy ─▶ AIServiceBackend, InferencePool ─▶ route ─▶ Gateway
 *     Envoy Gateway Backend ─▶ AIServiceBackend        GatewayConfig, proxies ─▶ Gateway
 *
 * for both sides of an update, so that what was detached is woken too. It never goes down again: a route wakes its Gateway,
 * not the other routes of it. Every change has to be shown once, in order; the answer is a set of keys of any kind.
 * @see spec controller.md sections 5 and 19 (rows 3, 4, 5)
 */
export class AffectedRoots {
  readonly #policiesBySecret = new KeyRelation();
  readonly #backendsByEnvoyBackend = new KeyRelation();
  readonly #policiesByTarget = new KeyRelation();
  readonly #targetsByPolicy = new Map<ObjectKey, readonly ObjectKey[]>();
  readonly #routesByBackend = new KeyRelation();
  readonly #routesByGateway = new KeyRelation();
  readonly #gatewaysByRoute = new Map<ObjectKey, readonly ObjectKey[]>();
  readonly #gatewaysByConfig = new KeyRelation();
  readonly #gatewaysByClass = new KeyRelation();
  readonly #classByGateway = new Map<ObjectKey, ObjectKey>();
  /** Proxies that serve all Gateways of a class, by the class. */
  readonly #proxiesByClass = new KeyRelation();
  /** Deployments of processors by the Secret of their certificates. */
  readonly #deploymentsByTlsSecret = new KeyRelation();
  readonly #gatewayByDeployment = new Map<ObjectKey, ObjectKey>();
  /** Routes and policies by `<kind>/<namespace>`, for ReferenceGrants. */
  readonly #byNamespace = new KeyRelation();
  #last: { readonly change: Change; readonly roots: ReadonlySet<ObjectKey> } | undefined;

  /** The same answer for the same change object, so that each controller may ask. */
  of(change: Change): ReadonlySet<ObjectKey> {
    if (this.#last?.change !== change) this.#last = { change, roots: this.#rootsOf(change) };
    return this.#last.roots;
  }

  #rootsOf(change: Change): ReadonlySet<ObjectKey> {
    const { type, before, after } = change;
    const key = keyOf((after ?? before)!);
    const roots = new Set<ObjectKey>();
    if (isType(type, kinds.aiGatewayRoute))
      this.#onRoute(roots, key, before as AIGatewayRoute, after as AIGatewayRoute);
    else if (isType(type, kinds.aiServiceBackend)) this.#onBackend(roots, key, change);
    else if (isType(type, kinds.backendSecurityPolicy)) this.#onPolicy(roots, key, change);
    else if (isType(type, kinds.inferencePool)) this.#addBackend(roots, key);
    else if (isType(type, kinds.backend))
      for (const backend of this.#backendsByEnvoyBackend.referrersOf(key)) this.#addBackend(roots, backend);
    else if (isType(type, kinds.secret)) this.#onSecret(roots, key, change);
    else if (isType(type, kinds.gateway)) this.#onGateway(roots, key, change);
    else if (isType(type, kinds.gatewayClass)) {
      for (const gateway of this.#gatewaysByClass.referrersOf(key)) {
        roots.add(gateway);
        // Its routes say whether somebody serves it.
        addAll(roots, this.#routesByGateway.referrersOf(gateway));
      }
    } else if (isType(type, kinds.gatewayConfig)) {
      roots.add(key);
      for (const gateway of this.#gatewaysByConfig.referrersOf(key)) {
        roots.add(gateway);
        // Parts of it are finished in the xDS, which Envoy Gateway makes anew when an HTTPRoute changes.
        addAll(roots, this.#routesByGateway.referrersOf(gateway));
      }
    } else if (isType(type, kinds.configMap)) {
      // Whether a Gateway is translated by us is told of its routes.
      for (const gateway of gatewaysRecordedAnew(before, after))
        addAll(roots, this.#routesByGateway.referrersOf(gateway));
    } else if (isType(type, kinds.referenceGrant)) this.#onGrant(roots, change);
    else this.#onGenerated(roots, key, change);
    this.#addSharing(roots);
    return roots;
  }

  #onRoute(roots: Set<ObjectKey>, key: ObjectKey, before?: AIGatewayRoute, after?: AIGatewayRoute): void {
    this.#routesByBackend.update(key, references.backendsOfRoute(before), references.backendsOfRoute(after));
    const former = references.gatewaysOfRoute(before);
    const gateways = references.gatewaysOfRoute(after);
    this.#routesByGateway.update(key, former, gateways);
    if (after) this.#gatewaysByRoute.set(key, gateways);
    else this.#gatewaysByRoute.delete(key);
    this.#updateNamespace(key, before, after);
    roots.add(key);
    addAll(roots, former);
    addAll(roots, gateways);
    // Whether a backend is used is part of what is said of it.
    addAll(roots, references.backendsOfRoute(before));
    addAll(roots, references.backendsOfRoute(after));
  }

  #onBackend(roots: Set<ObjectKey>, key: ObjectKey, { before, after }: Change): void {
    this.#backendsByEnvoyBackend.update(
      key,
      references.envoyGatewayBackendOf(before as AIServiceBackend | undefined),
      references.envoyGatewayBackendOf(after as AIServiceBackend | undefined),
    );
    this.#addBackend(roots, key);
    // Policies say whether their targets exist.
    if (before === undefined || after === undefined) addAll(roots, this.#policiesByTarget.referrersOf(key));
  }

  #onPolicy(roots: Set<ObjectKey>, key: ObjectKey, change: Change): void {
    const before = change.before as BackendSecurityPolicy | undefined;
    const after = change.after as BackendSecurityPolicy | undefined;
    this.#policiesBySecret.update(key, references.secretsOfPolicy(before), references.secretsOfPolicy(after));
    this.#updateNamespace(key, before, after);
    const targets = references.targetsOfPolicy(after);
    this.#policiesByTarget.update(key, references.targetsOfPolicy(before), targets);
    if (after) this.#targetsByPolicy.set(key, targets);
    else this.#targetsByPolicy.delete(key);
    roots.add(key);
    for (const target of [...references.targetsOfPolicy(before), ...targets]) {
      this.#addBackend(roots, target);
      // Policies say whether another one has their target.
      addAll(roots, this.#policiesByTarget.referrersOf(target));
    }
  }

  #onSecret(roots: Set<ObjectKey>, key: ObjectKey, { before, after }: Change): void {
    for (const policy of this.#policiesBySecret.referrersOf(key)) {
      roots.add(policy);
      for (const target of this.#targetsByPolicy.get(policy) ?? []) this.#addBackend(roots, target);
    }
    // Routes tell Envoy Gateway of the CA.
    for (const deployment of this.#deploymentsByTlsSecret.referrersOf(key)) {
      const gateway = this.#gatewayByDeployment.get(deployment)!;
      for (const served of [gateway, ...this.#sharingWith(gateway)])
        addAll(roots, this.#routesByGateway.referrersOf(served));
    }
    // Somebody may take our marks off one of ours.
    for (const object of [before, after]) if (object) this.#addGeneratedFor(roots, object);
  }

  #onGateway(roots: Set<ObjectKey>, key: ObjectKey, { before, after }: Change): void {
    this.#gatewaysByConfig.update(key, references.configOfGateway(before), references.configOfGateway(after));
    const [former] = references.classOfGateway(before);
    const [gatewayClass] = references.classOfGateway(after);
    this.#gatewaysByClass.update(key, references.classOfGateway(before), references.classOfGateway(after));
    if (gatewayClass === undefined) this.#classByGateway.delete(key);
    else this.#classByGateway.set(key, gatewayClass);
    // The others of the class that it left have to do without it.
    if (former !== undefined && former !== gatewayClass && this.#proxiesByClass.referrersOf(former).size > 0)
      addAll(roots, this.#gatewaysByClass.referrersOf(former));
    roots.add(key);
    // Its routes say whether it is there and whether it serves.
    addAll(roots, this.#routesByGateway.referrersOf(key));
  }

  #onGrant(roots: Set<ObjectKey>, { before, after }: Change): void {
    for (const grant of [before, after] as readonly (ReferenceGrant | undefined)[]) {
      for (const { namespace } of grant?.spec?.from ?? []) {
        for (const route of this.#byNamespace.referrersOf(namespaceKey(kinds.aiGatewayRoute, namespace)))
          this.#addRoute(roots, route);
        for (const policy of this.#byNamespace.referrersOf(namespaceKey(kinds.backendSecurityPolicy, namespace))) {
          roots.add(policy);
          for (const target of this.#targetsByPolicy.get(policy) ?? []) this.#addBackend(roots, target);
        }
      }
    }
  }

  /** Children that somebody edited, and the proxies of Gateways. */
  #onGenerated(roots: Set<ObjectKey>, key: ObjectKey, { type, before, after }: Change): void {
    this.#proxiesByClass.update(key, classesOfProxy(before), classesOfProxy(after));
    this.#deploymentsByTlsSecret.update(key, tlsSecretsOf(before), tlsSecretsOf(after));
    const served = after && tlsSecretsOf(after).length > 0 ? generatedForGateway(after) : undefined;
    if (served === undefined) this.#gatewayByDeployment.delete(key);
    else this.#gatewayByDeployment.set(key, served);
    for (const object of [before, after]) {
      if (!object) continue;
      const gateway = owningGatewayOf(object);
      if (gateway !== undefined) {
        roots.add(gateway);
        addAll(roots, this.#routesByGateway.referrersOf(gateway));
      }
      for (const gateway of this.#gatewaysOfSharedProxy(object)) {
        roots.add(gateway);
        addAll(roots, this.#routesByGateway.referrersOf(gateway));
      }
      this.#addGeneratedFor(roots, object);
      const owner = references.owningRouteOf(object);
      if (owner !== undefined) roots.add(owner);
    }
    // One that is somebody else's takes the name from the route that would generate it, or gives it free.
    const name = key.slice(key.lastIndexOf('/') + 1);
    const namespace = references.namespaceOf((after ?? before)!);
    for (const route of references.routesThatGenerate(type, namespace, name)) {
      if (this.#gatewaysByRoute.has(route)) roots.add(route);
    }
  }

  #addGeneratedFor(roots: Set<ObjectKey>, object: KubeObject): void {
    const gateway = generatedForGateway(object);
    if (gateway === undefined) return;
    roots.add(gateway);
    // Routes say whether the processors that run as a Deployment are ready.
    if (object.kind === kinds.pod.kind)
      for (const served of [gateway, ...this.#sharingWith(gateway)])
        addAll(roots, this.#routesByGateway.referrersOf(served));
  }

  #gatewaysOfSharedProxy(object: KubeObject): readonly ObjectKey[] {
    return classesOfProxy(object).flatMap((gatewayClass) => [...this.#gatewaysByClass.referrersOf(gatewayClass)]);
  }

  /** Of Gateways that share a proxy each one may be that which has the filter config of all. */
  #addSharing(roots: Set<ObjectKey>): void {
    for (const gateway of new Set([...roots].flatMap((key) => [...this.#sharingWith(key)]))) roots.add(gateway);
  }

  /** All Gateways of a class that shares its proxies, when this is one of them. */
  #sharingWith(gateway: ObjectKey): ReadonlySet<ObjectKey> {
    const gatewayClass = this.#classByGateway.get(gateway);
    return gatewayClass !== undefined && this.#proxiesByClass.referrersOf(gatewayClass).size > 0
      ? this.#gatewaysByClass.referrersOf(gatewayClass)
      : NOBODY;
  }

  #addBackend(roots: Set<ObjectKey>, backend: ObjectKey): void {
    roots.add(backend);
    for (const route of this.#routesByBackend.referrersOf(backend)) this.#addRoute(roots, route);
  }

  #addRoute(roots: Set<ObjectKey>, route: ObjectKey): void {
    roots.add(route);
    addAll(roots, this.#gatewaysByRoute.get(route) ?? []);
  }

  #updateNamespace(key: ObjectKey, before: KubeObject | undefined, after: KubeObject | undefined): void {
    const keysOf = (object: KubeObject | undefined) =>
      object ? [namespaceKey({ group: '', kind: object.kind }, references.namespaceOf(object))] : [];
    this.#byNamespace.update(key, keysOf(before), keysOf(after));
  }
}

const NOBODY: ReadonlySet<ObjectKey> = new Set();

const namespaceKey = ({ kind }: GroupKind, namespace: string): ObjectKey => `${kind}/${namespace}`;

const isType = (type: GroupKind, other: GroupKind): boolean => type.group === other.group && type.kind === other.kind;

function addAll(roots: Set<ObjectKey>, keys: Iterable<ObjectKey>): void {
  for (const key of keys) roots.add(key);
}

/** Of a Deployment of ours. */
function tlsSecretsOf(object: KubeObject | undefined): readonly ObjectKey[] {
  if (object?.kind !== kinds.deployment.kind || generatedForGateway(object) === undefined) return [];
  const name = tlsSecretOf(object as Deployment);
  return name === undefined ? [] : [objectKey(kinds.secret, references.namespaceOf(object), name)];
}

function classesOfProxy(object: KubeObject | undefined): readonly ObjectKey[] {
  const className = object && owningClassOf(object);
  return className === undefined ? [] : [references.gatewayClassKey(className)];
}
