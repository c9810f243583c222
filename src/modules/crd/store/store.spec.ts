import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import type { Change } from '../controller.js';
import type { Decoded } from './decode-object.js';
import { Store, type Origin } from './store.js';

const origin: Origin = { controller: 'c', root: 'r' };

const route = (name: string, version: number, more: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: String(version), ...more },
});

const item = (object: KubeObject): Decoded => ({ object, managed: undefined });

function recordingStore() {
  const changes: { change: Change; origin: Origin | undefined }[] = [];
  const store = new Store((change, by) => changes.push({ change, origin: by }));
  return {
    store,
    changes,
    versionOf: (name: string) => store.get(kinds.httpRoute, 'default', name)?.metadata.resourceVersion,
  };
}

describe('Store', () => {
  it('shows the same world as a snapshot of what is there, whatever came in which order', () => {
    const name = constantFrom('a', 'b-c', 'b.c', 'b', 'z');
    const kind = constantFrom('HTTPRoute', 'Gateway');
    const step = record({
      name,
      kind,
      namespace: constantFrom('x', 'x-y', 'x1'),
      isRemoved: constantFrom(false, false, true),
    });
    assert(
      property(array(step, { maxLength: 50 }), (steps) => {
        const store = new Store(() => {});
        const expected = new Map<string, KubeObject>();
        let version = 0;
        const lists: (readonly KubeObject[])[] = [];
        const copies: KubeObject[][] = [];
        for (const { isRemoved, ...names } of steps) {
          const object: KubeObject = {
            apiVersion: 'gateway.networking.k8s.io/v1',
            kind: names.kind,
            metadata: {
              name: names.name,
              namespace: names.namespace,
              resourceVersion: String(++version),
            },
          };
          if (isRemoved) {
            store.remove(keyOf(object));
            expected.delete(keyOf(object));
          } else {
            store.put(item(object));
            expected.set(keyOf(object), object);
          }
          lists.push(store.list(kinds.httpRoute));
          copies.push([...store.list(kinds.httpRoute)]);
        }
        const snapshot = snapshotOf(expected.values());
        for (const type of [kinds.httpRoute, kinds.gateway]) expect(store.list(type)).toEqual(snapshot.list(type));
        expect(new Set(store.all())).toEqual(new Set(expected.values()));
        // Lists that were handed out stay as they were.
        expect(lists).toEqual(copies);
      }),
    );
  });

  it('tells each change once, with both sides', () => {
    const { store, changes } = recordingStore();
    store.put(item(route('a', 1)));
    store.put(item(route('a', 1)));
    store.put(item(route('a', 2)));
    store.remove(keyOf(route('a', 2)));
    store.remove(keyOf(route('a', 2)));
    const type = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' };
    expect(changes.map(({ change }) => change)).toEqual([
      { type, after: route('a', 1) },
      { type, before: route('a', 1), after: route('a', 2) },
      { type, before: route('a', 2) },
    ]);
  });

  it('keeps the managed keys of an object as long as the object', () => {
    const { store } = recordingStore();
    const key = keyOf(route('a', 1));
    store.put({ object: route('a', 1), managed: { labels: ['x'], annotations: [] } });
    expect(store.managedKeys(key)).toEqual({ labels: ['x'], annotations: [] });
    store.put(item(route('a', 2)));
    expect(store.managedKeys(key)).toBeUndefined();
  });
});

describe('Store, reading its own writes', () => {
  it('shows a write at once, and tells whose it was; its event changes nothing', () => {
    const { store, changes, versionOf } = recordingStore();
    store.put(item(route('a', 1)));
    store.putOwn(item(route('a', 3)), '1', origin);
    expect(versionOf('a')).toBe('3');
    expect(changes.at(-1)?.origin).toEqual(origin);
    store.put(item(route('a', 3)));
    expect(changes).toHaveLength(2);
  });

  it('leaves out events that are older than the write', () => {
    const { store, changes, versionOf } = recordingStore();
    store.put(item(route('a', 1)));
    store.putOwn(item(route('a', 3)), '1', origin);
    store.put(item(route('a', 2)));
    expect(versionOf('a')).toBe('3');
    store.put(item(route('a', 3)));
    store.put(item(route('a', 4)));
    expect(versionOf('a')).toBe('4');
    expect(changes).toHaveLength(3);
  });

  it('leaves the word to the watch when it delivered another version while the write was under way', () => {
    const { store, versionOf } = recordingStore();
    store.put(item(route('a', 1)));
    store.put(item(route('a', 5)));
    store.putOwn(item(route('a', 3)), '1', origin);
    expect(versionOf('a')).toBe('5');
    store.put(item(route('a', 6)));
    expect(versionOf('a')).toBe('6');
  });

  it('believes a list, which may have left the event of the write behind', () => {
    const { store, versionOf } = recordingStore();
    store.putOwn(item(route('a', 3)), undefined, origin);
    store.put(item(route('a', 7)), true);
    store.put(item(route('a', 8)));
    expect(versionOf('a')).toBe('8');
  });

  it('believes a deletion', () => {
    const { store, versionOf } = recordingStore();
    store.put(item(route('a', 1)));
    store.putOwn(item(route('a', 3)), '1', origin);
    store.remove(keyOf(route('a', 3)), 'uid-a');
    expect(versionOf('a')).toBeUndefined();
    store.put(item(route('a', 9)));
    expect(versionOf('a')).toBe('9');
  });

  it('leaves out the deletion of a former object whose name the write has taken', () => {
    const { store, versionOf } = recordingStore();
    store.put(item(route('a', 1, { uid: 'old' })));
    store.putOwn(item(route('a', 3, { uid: 'new' })), '1', origin);
    store.remove(keyOf(route('a', 1)), 'old');
    expect(versionOf('a')).toBe('3');
  });

  it('ends where the server is, whenever answers of writes arrive between events', () => {
    // A server writes versions 1…n of one object, some of them for us; events come in order, answers at any time after.
    assert(
      property(
        array(record({ isOurs: constantFrom(true, false), answerAfter: integer({ min: 0, max: 4 }) }), {
          minLength: 1,
          maxLength: 12,
        }),
        (writes) => {
          const { store, versionOf } = recordingStore();
          let seen: string | undefined;
          // Each answer is delivered before event number `position + answerAfter`; its base is what the store held when sent.
          const answers = writes.map((write, i) => ({
            ...write,
            version: i + 1,
            at: i + write.answerAfter,
            base: undefined as string | undefined,
            isSent: false,
          }));
          for (let event = 0; event < writes.length + 5; event++) {
            for (const answer of answers) {
              if (answer.isOurs && !answer.isSent && answer.version >= event) {
                answer.base = seen;
                answer.isSent = answer.version === event;
              }
              if (answer.isOurs && answer.at === event && answer.version <= event + 1)
                store.putOwn(item(route('a', answer.version)), answer.base, origin);
            }
            if (event < writes.length) store.put(item(route('a', event + 1)));
            seen = versionOf('a');
          }
          expect(versionOf('a')).toBe(String(writes.length));
        },
      ),
    );
  });
});
