import type { Attributes, Counter } from '@opentelemetry/api';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import { nameOfKey, namespaceOfKey } from '../../shared/api/object-key.js';
import type { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';

/** Policies with series of their own; the SDK keeps a series for ever, so this counts former ones too. */
const POLICIES_MAX = 1_000;
const OTHERS: Attributes = { namespace: '', policy: '(others)' };

const PREFIX = 'aigateway_controller_credential_';

/** What is counted about exchanged credentials, by policy. */
export class CredentialMetrics {
  readonly #labels = new Map<ObjectKey, Attributes>();
  readonly #ends = new Map<ObjectKey, number>();
  readonly #attempts: Counter;
  readonly #failures: Counter;

  /** @param nowMs Unix time */
  constructor({ meter }: MetricsRegistry, nowMs: () => number) {
    this.#attempts = meter.createCounter(`${PREFIX}exchanges`, {
      description: 'Exchanges of credentials for tokens that ended, by policy.',
    });
    this.#failures = meter.createCounter(`${PREFIX}exchange_failures`, {
      description: 'Exchanges of credentials for tokens that failed, by policy and step.',
    });
    meter
      .createObservableGauge(`${PREFIX}time_to_expiry`, {
        description:
          'How long the token of a policy still serves; negative: it has ended; NaN: there is none any more.',
        unit: 's',
      })
      .addCallback((result) => {
        for (const [policy, labels] of this.#labels) {
          const endMs = this.#ends.get(policy);
          result.observe(endMs === undefined ? NaN : (endMs - nowMs()) / 1_000, labels);
        }
      });
  }

  /** @param endMs Unix time; undefined: there is no token, or nobody knows its end */
  serves(policy: ObjectKey, endMs: number | undefined): void {
    if (endMs === undefined) this.#ends.delete(policy);
    else if (this.#labelsOf(policy) !== OTHERS) this.#ends.set(policy, endMs);
  }

  /** @param failedStep undefined: it did not fail */
  attempted(policy: ObjectKey, failedStep: string | undefined): void {
    const labels = this.#labelsOf(policy);
    this.#attempts.add(1, labels);
    if (failedStep !== undefined) this.#failures.add(1, { ...labels, step: failedStep });
  }

  #labelsOf(policy: ObjectKey): Attributes {
    const known = this.#labels.get(policy);
    if (known) return known;
    if (this.#labels.size >= POLICIES_MAX) return OTHERS;
    const labels = { namespace: namespaceOfKey(policy), policy: nameOfKey(policy) };
    this.#labels.set(policy, labels);
    return labels;
  }
}
