import { create } from '@bufbuild/protobuf';
import { DurationSchema, type Duration } from '@bufbuild/protobuf/wkt';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import type { FaultLog } from './fault-log.js';

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a Gateway API duration (GEP-2257); undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)(h|ms|m|s)/g)) totalMs += Number(amount) * UNIT_MS[unit!]!;
  return totalMs;
}

/** Milliseconds of the member at `path`; absent when it is absent, or reported and left out when it is no duration. */
export function readDurationMs(
  faults: FaultLog,
  object: KubeObject,
  path: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) {
    faults.error(object, path, 'Invalid', `"${text}" is not a duration: write for example "30s" or "1h30m"`);
  }
  return durationMs;
}

export const toDuration = (durationMs: number): Duration =>
  create(DurationSchema, { seconds: BigInt(Math.floor(durationMs / 1000)), nanos: (durationMs % 1000) * 1_000_000 });

/** Like {@link readDurationMs}, as the message that Envoy reads. */
export function readDuration(
  faults: FaultLog,
  object: KubeObject,
  path: string,
  text: string | undefined,
): Duration | undefined {
  const durationMs = readDurationMs(faults, object, path, text);
  return durationMs === undefined ? undefined : toDuration(durationMs);
}
