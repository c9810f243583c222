import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import type { Secret } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { keyOf, type ObjectKey } from '../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import type { Change, Controller, Desired } from '../crd/controller.js';
import type { Timing } from '../crd/timing.js';
import type { AffectedRoots } from '../routing/controllers/affected-roots.js';
import type { Fault } from '../../shared/api/fault.js';
import { ResolveContext } from '../routing/resolve/context.js';
import { noTargets } from '../routing/resolve/security-policy.js';
import type { CredentialMetrics } from './credential-metrics.js';
import { gatherExchange } from './gather.js';
import {
  desiredSecret,
  generatedSecret,
  holdsToken,
  isGeneratedFor,
  keptToken,
  owningPolicy,
} from './generated-secret.js';
import { jitterOf, sealOf } from './policy/fingerprint.js';
import {
  endMs,
  isServing,
  planRotation,
  type Gathered,
  type KeptToken,
  type RotationPlan,
} from './policy/plan-rotation.js';
import { rotationFacts, statusOf } from './policy-status.js';
import type { CredentialRotator, IssuedToken } from './rotator.js';

/** A timer that is so late did not fire: the clock was set, or the machine was suspended. */
const OVERDUE_MS = 30_000;
const REQUEUE_MIN_MS = 1_000;

/** Of faults by which a token goes at once; without sight of a namespace nobody sees the grants there. */
const REVOKING_REASONS: ReadonlySet<string> = new Set(['RefNotPermitted', 'NamespaceNotWatched']);

/**
 * Root BackendSecurityPolicy: its status, and for those whose credential has to be exchanged the Secret with the token.
 *
 *     gather (inputs or faults) ─▶ plan (due?) ─▶ rotator ─ ─ wakes the policy ─ ─▶ Secret, conditions
 *
 * A token is taken from the rotator, not read back from the cluster, so a lagging cache can bring no old one back.
 * @see spec controller.md sections 8, 13 and 19 (rows 9 to 11b)
 */
export class PolicyController implements Controller {
  readonly name = 'policy';
  // Their status often follows from an object that is written a moment later.
  readonly holdOff = { quietMs: 30, maxMs: 300 };
  readonly #affected: AffectedRoots;
  readonly #rotator: CredentialRotator;
  readonly #metrics: CredentialMetrics;
  readonly #timing: Timing;
  readonly #azureAmbientNamespaces: readonly string[];
  /** When the policies are to be looked at again, as Unix times. */
  readonly #plannedMs = new Map<ObjectKey, number>();
  #wake: (policy: ObjectKey) => void = () => {};

  constructor(parts: {
    readonly affected: AffectedRoots;
    readonly rotator: CredentialRotator;
    readonly metrics: CredentialMetrics;
    readonly timing: Timing;
    /** @see gatherExchange */
    readonly azureAmbientNamespaces: readonly string[];
  }) {
    this.#affected = parts.affected;
    this.#rotator = parts.rotator;
    this.#metrics = parts.metrics;
    this.#timing = parts.timing;
    this.#azureAmbientNamespaces = parts.azureAmbientNamespaces;
  }

  readonly onAttached = (wake: (policy: ObjectKey) => void): void => {
    this.#wake = wake;
    this.#rotator.onEnded(wake);
  };

  triggers(change: Change): Iterable<ObjectKey> {
    const roots = new Set([...this.#affected.of(change)].filter((key) => isKeyOf(key, kinds.backendSecurityPolicy)));
    if (change.type.kind === kinds.secret.kind) {
      // Also of a policy that is gone: nothing else tells that it has left a token behind.
      const owner = owningPolicy((change.after ?? change.before)!.metadata);
      if (owner !== undefined) roots.add(owner);
    }
    return roots;
  }

  /** Wakes policies whose time has come though no timer told of it. */
  sweep(): void {
    const nowMs = this.#timing.date().getTime();
    for (const [policy, atMs] of this.#plannedMs) if (atMs + OVERDUE_MS <= nowMs) this.#wake(policy);
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot, now: Date): readonly Desired[] {
    const context = new ResolveContext(world);
    return roots.map((root) => {
      const policy = world.get<BackendSecurityPolicy>(
        kinds.backendSecurityPolicy,
        namespaceOfKey(root),
        nameOfKey(root),
      );
      if (!policy || policy.metadata.deletionTimestamp !== undefined)
        return { ...this.#withoutToken(root, world), conditions: new Map(), events: [] };
      const gathered = gatherExchange(world, policy, this.#azureAmbientNamespaces);
      return gathered.sort === 'nothing'
        ? { ...this.#withoutToken(root, world), ...statusOf(policy, faultsOf(context, policy), undefined) }
        : this.#withToken(policy, context, now, gathered);
    });
  }

  /** What an exchange left behind goes. */
  #withoutToken(root: ObjectKey, world: Snapshot): Pick<Desired, 'root' | 'objects' | 'deletes' | 'patches'> {
    this.#rotator.forget(root);
    this.#plannedMs.delete(root);
    this.#metrics.serves(root, undefined);
    const secret = generatedSecret(world, root);
    const deletes = secret && isGeneratedFor(root, secret) ? [keyOf(secret)] : [];
    return { root, objects: [], deletes, patches: [] };
  }

  #withToken(
    policy: BackendSecurityPolicy,
    context: ResolveContext,
    now: Date,
    gathered: Exclude<Gathered, { sort: 'nothing' }>,
  ): Desired {
    const { world } = context;
    const root = keyOf(policy);
    const faults = faultsOf(context, policy);
    // Who may no longer use what a token was got with, or nobody can say whether he may, may not use the token either.
    // @see controller.md 19 (rows 4 and 42)
    if (gathered.sort === 'blocked' && gathered.faults.some(({ reason }) => REVOKING_REASONS.has(reason))) {
      const facts = { serves: undefined, endedAt: undefined, failure: undefined, blocked: gathered.faults };
      return { ...this.#withoutToken(root, world), ...statusOf(policy, faults, facts) };
    }
    const live = generatedSecret(world, root);
    const { issued, lastAttempt } = this.#rotator.state(root);
    const kept = this.#kept(policy, live, issued, now);
    const jitter = jitterOf(root, policy.metadata.uid ?? '', (kept?.issuedAt ?? kept?.expiresAt)?.getTime() ?? 0);
    const last = lastAttempt && {
      ...lastAttempt,
      retryAfterMs: lastAttempt.failure?.retryAfterMs,
      endedAgoMs: this.#timing.nowMs() - lastAttempt.endedAtMs,
    };
    const plan = planRotation({ gathered, kept, lastAttempt: last }, now, jitter);
    if (plan.sort === 'due') this.#rotator.ask(root, { ...plan, urgencyMs: endMs(kept) ?? 0 });
    else this.#rotator.cancel(root);
    const requeueAfterMs = this.#plan(root, plan, kept, now);
    const facts = rotationFacts({
      gathered,
      kept,
      isOwn: issued !== undefined && kept?.seal === issued.seal,
      plan,
      lastAttempt: last,
      jitter,
      now,
    });
    const isOurs = issued !== undefined || (live !== undefined && isGeneratedFor(root, live));
    return {
      root,
      objects: kept && isOurs ? [desiredSecret(policy, sealed(kept, gathered), live)] : [],
      deletes: [],
      patches: [],
      ...statusOf(policy, faults, facts),
      ...(requeueAfterMs !== undefined && { requeueAfterMs }),
    };
  }

  /** What this process got counts, unless it has ended and somebody may have helped in the meantime. */
  #kept(
    { spec }: BackendSecurityPolicy,
    live: Secret | undefined,
    issued: IssuedToken | undefined,
    now: Date,
  ): KeptToken | undefined {
    const shiftMs = this.#rotator.clockShiftMs();
    const own =
      issued && holdsToken(issued.data, spec?.type)
        ? { ...issued, clockShiftMs: shiftMs - issued.clockShiftMs }
        : undefined;
    if (own && isServing(own, now)) return own;
    const found = live && keptToken(live, spec?.type);
    // The same one as in the Secret, or one that was not written: its age is known better.
    if (own && (!found || found.seal === own.seal)) return own;
    return found && { ...found, clockShiftMs: shiftMs };
  }

  /** When to look again. What is under way wakes the policy itself; the end of a token changes what is said of it. */
  #plan(root: ObjectKey, plan: RotationPlan, kept: KeptToken | undefined, now: Date): number | undefined {
    this.#metrics.serves(root, endMs(kept));
    const waits = [
      ...(plan.sort === 'not-due' ? [plan.afterMs] : []),
      ...(kept && isServing(kept, now) ? [(endMs(kept) ?? Infinity) - now.getTime()] : []),
    ].filter(Number.isFinite);
    if (waits.length === 0) {
      this.#plannedMs.delete(root);
      return undefined;
    }
    const waitMs = Math.max(REQUEUE_MIN_MS, Math.min(...waits));
    this.#plannedMs.set(root, now.getTime() + waitMs);
    return waitMs;
  }
}

/** Of the policy as routing sees it. */
const faultsOf = (context: ResolveContext, policy: BackendSecurityPolicy): readonly Fault[] => [
  ...context.policy(policy).faults,
  ...noTargets(policy),
];

/** A token of another release gets a seal when it is taken over: from then on a change of the inputs is noticed. */
const sealed = (kept: KeptToken, gathered: Gathered): KeptToken =>
  kept.seal === undefined && kept.expiresAt !== undefined && gathered.sort === 'ready'
    ? { ...kept, seal: sealOf(kept.data, gathered.digest) }
    : kept;
