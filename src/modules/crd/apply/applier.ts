import type { Logger } from 'pino';
import { displayName, groupOf, keyOf, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { ApiError } from '../connection/api-error.js';
import type { ClusterClient, ObjectName } from '../connection/cluster-client.js';
import type { ObjectPatch } from '../controller.js';
import type { Decoded } from '../store/decode-object.js';
import type { Origin, Store } from '../store/store.js';
import type { Timing } from '../timing.js';
import { ContestedObjects } from './contested-objects.js';
import { changesAnything } from './merge-patch.js';
import { differences, type Difference } from './live-difference.js';
import { foreignReason, foreignToDelete } from './ownership.js';
import { correctionPatch, removalPatch } from './removal-patch.js';
import { SettledObjects } from './settled-objects.js';
import { takenOverFields } from './take-over.js';
import { TerminalError } from './terminal-error.js';

/** An object may exist without being in the store: Secrets that nobody refers to, Deployments without labels of ours. */
export type ExistsUnseen = (key: ObjectKey) => boolean;

/**
 * Brings single objects of the cluster to what is desired, with as few writes as possible: none when the live object
 * already says it, one as a rule, more to take over an object of the reference or to remove what others left in ours.
 */
export class Applier {
  readonly #client: ClusterClient;
  readonly #store: Store;
  readonly #existsUnseen: ExistsUnseen;
  readonly #logger: Logger;
  readonly #timing: Timing;
  readonly #settled = new SettledObjects();
  readonly #contested = new ContestedObjects();

  constructor(parts: {
    readonly client: ClusterClient;
    readonly store: Store;
    readonly existsUnseen: ExistsUnseen;
    readonly timing: Timing;
    readonly logger: Logger;
  }) {
    this.#client = parts.client;
    this.#store = parts.store;
    this.#existsUnseen = parts.existsUnseen;
    this.#timing = parts.timing;
    this.#logger = parts.logger;
  }

  /** Rejects with TerminalError when the object of this name is somebody else's, or when somebody keeps changing it back. */
  async apply(desired: KubeObject, origin: Origin): Promise<void> {
    const key = keyOf(desired);
    const live = await this.#live(key);
    const found = live && this.#toDo(key, desired, live);
    if (live && !found) return;
    if (live) this.#assertOurs(desired, live);
    if (this.#contested.isContested(key, desired, this.#timing.nowMs())) throw contested(desired, found);
    const base = this.#store.getByKey(key)?.metadata.resourceVersion;
    // What is said to be ours for the first time was written by the reference, by an update.
    if (live && !live.managed) await this.#takeOver(desired);
    const applied = live ? await this.#update(desired, found ?? []) : await this.#create(desired);
    const result = await this.#removeExtras(desired, applied);
    this.#store.putOwn(result, base, origin);
    this.#contested.applied(key, desired, this.#timing.nowMs());
    this.#logger.debug(
      { object: displayName(desired), ...(found && { changed: pathsOf(found) }) },
      live ? 'updated an object' : 'created an object',
    );
  }

  /** Nothing to do when there is none. Rejects with TerminalError when it is somebody else's by now. */
  async delete(key: ObjectKey): Promise<void> {
    const live = await this.#live(key);
    const uid = live?.object.metadata.uid;
    if (!live || uid === undefined || live.object.metadata.deletionTimestamp !== undefined) return;
    const reason = foreignToDelete(live.object, live.managed !== undefined);
    if (reason !== undefined) throw new TerminalError(`cannot delete ${displayName(live.object)}: ${reason}`);
    await this.#client.delete(nameOfKey(key), uid);
    this.#settled.forget(key);
    this.#contested.deleted(key);
    this.#logger.debug({ object: key }, 'deleted an object');
  }

  async patch({ object: key, patch, subresource }: ObjectPatch, origin: Origin): Promise<void> {
    const live = this.#store.getByKey(key);
    if (live && !changesAnything(live, patch)) return;
    const item = await this.#client.mergePatch(nameOfKey(key), patch, subresource);
    if (live) this.#store.putOwn(item, live.metadata.resourceVersion, origin);
  }

  async #live(key: ObjectKey): Promise<Pick<Decoded, 'object' | 'managed'> | undefined> {
    const object = this.#store.getByKey(key);
    if (object) return { object, managed: this.#store.managedKeys(key) };
    return this.#existsUnseen(key) ? await this.#client.get(nameOfKey(key)) : undefined;
  }

  /** Undefined: a write would change nothing. */
  #toDo(
    key: ObjectKey,
    desired: KubeObject,
    { object, managed }: Pick<Decoded, 'object' | 'managed'>,
  ): readonly Difference[] | undefined {
    const found = differences(desired, object, managed);
    if (managed && (found.length === 0 || this.#settled.isSettled(key, desired, object))) return undefined;
    return found;
  }

  #assertOurs(desired: KubeObject, { object, managed }: Pick<Decoded, 'object' | 'managed'>): void {
    const reason = foreignReason(desired, object, managed !== undefined);
    if (reason !== undefined) throw new TerminalError(`cannot write ${displayName(desired)}: ${reason}`);
    if (object.metadata.deletionTimestamp !== undefined)
      throw new ApiError({ status: 409, reason: 'Conflict', message: `${displayName(object)} is being deleted` });
  }

  /** Without force: what somebody made in the same moment is a conflict, not overwritten. */
  async #create(desired: KubeObject): Promise<Decoded> {
    try {
      return await this.#client.apply(desired, { force: false });
    } catch (error) {
      if (!(error instanceof ApiError && error.causes.includes('FieldManagerConflict'))) throw error;
      const live = await this.#client.get(nameOf(desired));
      if (live) this.#assertOurs(desired, live);
      return await this.#client.apply(desired, { force: true });
    }
  }

  /** An apply leaves what others added; where that is refused beside what we want, both are put right by one patch. */
  async #update(desired: KubeObject, found: readonly Difference[]): Promise<Decoded> {
    try {
      return await this.#client.apply(desired, { force: true });
    } catch (error) {
      const patch = correctionPatch(desired, found);
      if (!(error instanceof ApiError) || error.status !== INVALID || patch === undefined) throw error;
      await this.#client.mergePatch(nameOf(desired), patch);
      return await this.#client.apply(desired, { force: true });
    }
  }

  async #takeOver(desired: KubeObject): Promise<void> {
    const live = await this.#client.get(nameOf(desired));
    const fields = takenOverFields(live?.managedFields ?? [], desired.apiVersion);
    if (!live || !fields) return;
    const { resourceVersion } = live.object.metadata;
    await this.#client.jsonPatch(nameOf(desired), [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'replace', path: '/metadata/managedFields', value: fields },
    ]);
    this.#logger.info({ object: displayName(desired) }, 'took over an object that another field manager wrote');
  }

  /** What is still extra afterwards comes from the API server itself, and is let be. */
  async #removeExtras(desired: KubeObject, applied: Decoded): Promise<Decoded> {
    const key = keyOf(desired);
    let result = applied;
    let found = differences(desired, result.object, result.managed);
    const patch = this.#settled.isSettled(key, desired, result.object) ? undefined : removalPatch(desired, found);
    if (patch) {
      const { resourceVersion } = result.object.metadata;
      result = await this.#client.mergePatch(nameOf(desired), { ...patch, metadata: { resourceVersion } });
      found = differences(desired, result.object, result.managed);
    }
    if (found.length > 0) this.#settled.settle(key, desired, result.object);
    else this.#settled.forget(key);
    return result;
  }
}

/** Unprocessable: the schema or a rule of it refuses the object. */
const INVALID = 422;
const PATHS_SHOWN_MAX = 3;

const pathsOf = (found: readonly Difference[]): string =>
  found
    .slice(0, PATHS_SHOWN_MAX)
    .map(({ path }) => path.join('.'))
    .join(', ');

const contested = (desired: KubeObject, found: readonly Difference[] | undefined) =>
  new TerminalError(
    `cannot keep ${displayName(desired)} as it should be: somebody else keeps ${found ? `changing ${pathsOf(found)}` : 'deleting it'}; ` +
      `look into its metadata.managedFields for who it is`,
  );

const nameOf = ({ apiVersion, kind, metadata }: KubeObject): ObjectName => ({
  type: { group: groupOf(apiVersion), kind },
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

export function nameOfKey(key: ObjectKey): ObjectName {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('/');
  return { type: { group, kind }, namespace, name };
}
