import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { kinds } from '../../../shared/api/kinds.js';
import type { KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';
import { apiVersionOf, resourceOf } from '../../../shared/api/resources.js';
import type { ClusterClient } from '../connection/cluster-client.js';
import type { ObjectEvent } from '../controller.js';
import type { Store } from '../store/store.js';
import type { Timing } from '../timing.js';
import { nameOfKey } from './applier.js';

/** So many at once, then so many a second: a broken cluster must not drown in our words. */
const BURST_MAX = 100;
const PER_SECOND = 10;
/** Objects whose last words are remembered. */
const OBJECTS_MAX = 10_000;
/** Limits of the API. Names have a suffix of 17. */
const NOTE_LENGTH_MAX = 1_024;
const INSTANCE_LENGTH_MAX = 128;
const NAME_LENGTH_MAX = 230;
/** Events of cluster-scoped objects live here. */
const DEFAULT_NAMESPACE = 'default';

/** Writes Kubernetes Events, `events.k8s.io/v1`. What was said last about an object is not said again. Warnings are logged too. */
export class EventRecorder {
  readonly #client: ClusterClient;
  readonly #store: Store;
  readonly #timing: Timing;
  readonly #logger: Logger;
  readonly #controller: { readonly name: string; readonly instance: string };
  readonly #lastWords = new Map<ObjectKey, string>();
  readonly #underWay = new Set<Promise<void>>();
  #tokens = BURST_MAX;
  #filledAtMs = 0;

  constructor(parts: {
    readonly client: ClusterClient;
    readonly store: Store;
    readonly timing: Timing;
    readonly logger: Logger;
    readonly controller: { readonly name: string; readonly instance: string };
  }) {
    this.#client = parts.client;
    this.#store = parts.store;
    this.#timing = parts.timing;
    this.#logger = parts.logger;
    this.#controller = parts.controller;
    this.#filledAtMs = this.#timing.nowMs();
  }

  /** Does not wait, never throws: events are a courtesy. */
  record(event: ObjectEvent): void {
    const words = `${event.reason}\n${event.note}`;
    if (this.#lastWords.get(event.regarding) === words || !this.#takeToken()) return;
    this.#lastWords.delete(event.regarding);
    this.#lastWords.set(event.regarding, words);
    const [oldest] = this.#lastWords.keys();
    if (this.#lastWords.size > OBJECTS_MAX && oldest !== undefined) this.#lastWords.delete(oldest);
    if (event.type === 'Warning') this.#logger.warn(wordsOf(event), 'an Event of type Warning was told');
    const writing = this.#client
      .create(this.#eventObject(event))
      .then(
        () => undefined,
        (error: Error) => this.#logger.debug({ reason: error.message }, 'cannot write an event'),
      )
      .finally(() => this.#underWay.delete(writing));
    this.#underWay.add(writing);
  }

  /** What is under way has ended. */
  async flush(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #takeToken(): boolean {
    const nowMs = this.#timing.nowMs();
    this.#tokens = Math.min(BURST_MAX, this.#tokens + ((nowMs - this.#filledAtMs) / 1_000) * PER_SECOND);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #eventObject({ regarding, type, reason, action, note }: ObjectEvent): EventObject {
    const { type: regardingType, namespace, name } = nameOfKey(regarding);
    const uid = this.#store.getByKey(regarding)?.metadata.uid;
    return {
      apiVersion: apiVersionOf(resourceOf(kinds.event)),
      kind: kinds.event.kind,
      metadata: {
        name: `${name.slice(0, NAME_LENGTH_MAX)}.${randomBytes(8).toString('hex')}`,
        namespace: namespace || DEFAULT_NAMESPACE,
      },
      eventTime: microTime(this.#timing.date()),
      reportingController: this.#controller.name,
      reportingInstance: this.#controller.instance.slice(0, INSTANCE_LENGTH_MAX),
      action,
      reason,
      type,
      note: note.slice(0, NOTE_LENGTH_MAX),
      regarding: {
        apiVersion: apiVersionOf(resourceOf(regardingType)),
        kind: regardingType.kind,
        ...(namespace && { namespace }),
        name,
        ...(uid !== undefined && { uid }),
      },
    };
  }
}

/** For those who read logs and not Events, which are gone after an hour. */
const wordsOf = ({ regarding, reason, note }: ObjectEvent): object => ({
  object: regarding,
  reason,
  note: note.slice(0, NOTE_LENGTH_MAX),
});

/** `events.k8s.io/v1`, what of it is written. */
interface EventObject extends KubeObject {
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly type: string;
  readonly note: string;
  readonly regarding: object;
}

/** `metav1.MicroTime` wants six digits. */
export const microTime = (date: Date): string => date.toISOString().replace(/Z$/, '000Z');
