import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { ConfigMap } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { KNOWN_ONLY_TO_US } from '../../shared/api/known-only-to-us.js';
import { objectKey, type KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import {
  isTranslationRecorded,
  recordedFaults,
  recordedFingerprint,
  TRANSLATION_RECORD_NAME,
} from '../../shared/api/translation-record.js';
import { eventually } from '../../../test/harness/eventually.js';
import { TranslationRecord } from './translation-record.js';

const NAMESPACE = 'system';
const EDGE = objectKey(kinds.gateway, 'default', 'edge');
const GONE = objectKey(kinds.gateway, 'default', 'gone');
const FAULT = { object: EDGE, message: 'no place for the processor' };
const gateway: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'default' },
};

const told = (gateway: string, fingerprint = 'routes'): ReadonlyMap<string, string> =>
  new Map([[gateway, fingerprint]]);

/** A record in a cluster that merges at once; `failures` writes fail before. */
function start(failures = 0, watchNamespaces: readonly string[] = []) {
  let data: Record<string, string> | undefined;
  let labels: Readonly<Record<string, string>> | undefined;
  let writes = 0;
  const objects = (): KubeObject[] => [
    gateway,
    ...(data === undefined
      ? []
      : [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: TRANSLATION_RECORD_NAME, namespace: NAMESPACE, ...(labels && { labels }) },
            data,
          } as ConfigMap,
        ]),
  ];
  const world = () => snapshotOf(objects(), watchNamespaces);
  const record = new TranslationRecord({
    namespace: NAMESPACE,
    world,
    merge: async ({ metadata }, patch) => {
      writes++;
      await Promise.resolve();
      if (failures-- > 0) throw new Error('away');
      data = { ...data };
      labels = { ...labels, ...metadata.labels };
      for (const [key, value] of Object.entries(patch)) {
        if (value === null) delete data[key];
        else data[key] = value;
      }
    },
    logger: pino({ level: 'silent' }),
  });
  return {
    record,
    seen: (key: string) => isTranslationRecorded(world(), NAMESPACE, key),
    fingerprint: () => recordedFingerprint(world(), NAMESPACE, EDGE),
    faults: () => recordedFaults(world(), NAMESPACE, EDGE),
    writes: () => writes,
    labels: () => labels,
    /** As a release without one of the labels has left it. */
    unlabel: (label: string) => {
      labels = Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => key !== label));
    },
  };
}

describe('TranslationRecord', () => {
  it('writes once that a Gateway was translated', async () => {
    const { record, seen, writes } = start();
    record.note(told(EDGE), []);
    await eventually('the record', () => seen(EDGE));
    record.note(told(EDGE), []);
    await new Promise(setImmediate);
    expect(writes()).toBe(1);
  });

  it('keeps the faults of the last translation, also of one that came during a write', async () => {
    const { record, faults, seen } = start();
    record.note(told(EDGE), []);
    record.note(told(EDGE), [FAULT]);
    await eventually('the fault', () => faults().length === 1);
    expect(faults()).toEqual([FAULT]);
    record.note(told(EDGE), []);
    await eventually('no fault', () => faults().length === 0);
    expect(seen(EDGE)).toBe(true);
  });

  it('tells of changed routes, several changes in one write', async () => {
    const { record, fingerprint, writes } = start();
    record.note(told(EDGE, 'first'), []);
    await eventually('the first', () => fingerprint() === 'first');
    for (const each of ['second', 'third', 'last']) record.note(told(EDGE, each), []);
    await eventually('the last', () => fingerprint() === 'last');
    expect(writes()).toBe(2);
  });

  it('is written again when it could not be written, without another translation', async () => {
    const { record, fingerprint } = start(2);
    record.note(told(EDGE, 'first'), []);
    record.note(told(EDGE, 'last'), []);
    await eventually('the record', () => fingerprint() !== undefined);
    expect(fingerprint()).toBe('last');
  });

  it('writes what was noted last before it stops', async () => {
    const { record, fingerprint, writes } = start();
    record.note(told(EDGE, 'first'), []);
    await eventually('the first', () => fingerprint() === 'first');
    record.note(told(EDGE, 'last'), []);
    await record.stop();
    expect(fingerprint()).toBe('last');
    expect(writes()).toBe(2);
  });

  it('stops although it cannot be written', async () => {
    const { record, seen, writes } = start(Infinity);
    record.note(told(EDGE), []);
    await record.stop();
    expect(writes()).toBe(1);
    expect(seen(EDGE)).toBe(false);
  });

  it('gives the record of a former release the label that it lacks, though it says nothing new', async () => {
    const { record, seen, writes, labels, unlabel } = start();
    record.note(told(EDGE), []);
    await eventually('the record', () => seen(EDGE));
    const former = labels();
    expect(former).toMatchObject(KNOWN_ONLY_TO_US);
    unlabel(Object.keys(KNOWN_ONLY_TO_US).join(''));
    expect(labels()).not.toEqual(former);
    await record.stop();
    record.note(told(EDGE), []);
    await eventually('the label', () => writes() === 2);
    expect(labels()).toEqual(former);
  });

  it('forgets Gateways that are gone when it writes', async () => {
    const { record, seen } = start();
    record.note(told(GONE), [FAULT]);
    await eventually('the record', () => seen(GONE));
    record.note(told(EDGE), []);
    await eventually('the record', () => seen(EDGE));
    expect(seen(GONE)).toBe(false);
  });

  it('keeps Gateways of namespaces that are not watched: nobody can say that they are gone', async () => {
    const { record, seen } = start(0, ['elsewhere']);
    record.note(told(GONE), []);
    await eventually('the record', () => seen(GONE));
    record.note(told(EDGE), []);
    await eventually('the other one', () => seen(EDGE));
    expect(seen(GONE)).toBe(true);
  });
});
