import { pino } from 'pino';
import { CredentialMetrics } from '../../src/modules/credentials/credential-metrics.js';
import type { Exchange, ExchangeRequest } from '../../src/modules/credentials/exchange.js';
import { PolicyController } from '../../src/modules/credentials/policy-controller.js';
import { CredentialRotator } from '../../src/modules/credentials/rotator.js';
import type { Desired } from '../../src/modules/crd/controller.js';
import { AffectedRoots } from '../../src/modules/routing/controllers/affected-roots.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { groupOf, keyOf, type KubeObject, type ObjectKey } from '../../src/shared/api/kube-object.js';
import { snapshotOf } from '../../src/shared/api/snapshot.js';
import { eventually } from './eventually.js';
import { recordLine } from './recording.js';

/** The controller of policies in a world of plain objects, with clocks that the test moves. */
export class PolicyWorld {
  /** Every exchange that was asked for. */
  readonly asked: ExchangeRequest[] = [];
  /** Policies that were woken. */
  readonly woken: ObjectKey[] = [];
  readonly controller: PolicyController;
  readonly rotator: CredentialRotator;
  #wallMs: number;
  #steadyMs = 1_000;
  readonly #objects: Map<ObjectKey, KubeObject>;

  constructor(
    objects: Iterable<KubeObject>,
    exchange: Exchange,
    now: Date,
    azureAmbientNamespaces: readonly string[] = ['default'],
  ) {
    this.#wallMs = now.getTime();
    this.#objects = new Map([...objects].map((object) => [keyOf(object), object]));
    const timing = { nowMs: () => this.#steadyMs, date: () => this.now, random: () => 0.5 };
    const metrics = new CredentialMetrics(new MetricsRegistry(), () => this.#wallMs);
    this.rotator = new CredentialRotator({
      exchange: (request, signal) => {
        this.asked.push(request);
        return exchange(request, signal);
      },
      timing,
      metrics,
      logger: pino({ level: 'debug' }, { write: recordLine }),
    });
    this.controller = new PolicyController({
      affected: new AffectedRoots(),
      rotator: this.rotator,
      metrics,
      timing,
      azureAmbientNamespaces,
    });
    this.controller.onAttached((root) => this.woken.push(root));
  }

  get now(): Date {
    return new Date(this.#wallMs);
  }

  get objects(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  /** Time goes by on all clocks. */
  pass(ms: number): void {
    this.#wallMs += ms;
    this.#steadyMs += ms;
  }

  /** Somebody sets the clock. */
  setClock(byMs: number): void {
    this.#wallMs += byMs;
  }

  put(object: KubeObject): void {
    this.#objects.set(keyOf(object), object);
  }

  remove(key: ObjectKey): void {
    this.#objects.delete(key);
  }

  /** All roots that the objects wake as they are. */
  reconcile(): readonly Desired[] {
    const roots = new Set<ObjectKey>();
    for (const after of this.#objects.values()) {
      const change = { type: { group: groupOf(after.apiVersion), kind: after.kind }, after };
      for (const root of this.controller.triggers(change)) roots.add(root);
    }
    return this.reconcileOnly([...roots].sort());
  }

  reconcileOnly(roots: readonly ObjectKey[]): readonly Desired[] {
    return this.controller.reconcile(roots, snapshotOf(this.#objects.values()), this.now);
  }

  async exchangesEnd(): Promise<void> {
    await eventually('all exchanges to end', () => this.woken.length === this.asked.length);
  }

  /** Puts what is desired into the world, as the cluster would. */
  write(all: readonly Desired[]): void {
    for (const { objects, deletes, conditions, events } of all) {
      recordLine(`${JSON.stringify([[...conditions.values()], events])}\n`);
      for (const object of objects) this.put(object);
      for (const key of deletes) this.remove(key);
      for (const [key, states] of conditions) {
        const object = this.#objects.get(key);
        if (object) this.put({ ...object, status: { conditions: states } } as KubeObject);
      }
    }
  }

  /** Reconciles, lets exchanges end, reconciles again and writes what comes of it. */
  async settle(): Promise<readonly Desired[]> {
    this.write(this.reconcile());
    await this.exchangesEnd();
    const all = this.reconcile();
    this.write(all);
    return all;
  }
}
