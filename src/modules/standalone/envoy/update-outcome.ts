import type { Stats } from './envoy-admin.js';
import type { XdsFile } from './xds-files.js';

export type UpdateOutcome = 'taken' | 'refused' | 'pending';

/** Counters before a write, to tell its effect from that of earlier ones. */
export type Baseline = Stats;

/**
 * What Envoy made of a file. `taken` when every subscription to it shows its version, also when there is none yet: a
 * route configuration is read only once a listener names it. `refused` when one of them counted a rejection or a failure.
 */
export function updateOutcome(file: XdsFile, baseline: Baseline, now: Stats): UpdateOutcome {
  let outcome: UpdateOutcome = 'taken';
  for (const [name, value] of now) {
    const cut = name.lastIndexOf('.');
    if (!file.statPrefix.test(name.slice(0, cut))) continue;
    const counter = name.slice(cut + 1);
    const isFailure = counter === 'update_rejected' || counter === 'update_failure';
    if (isFailure && Number(value) > Number(baseline.get(name) ?? 0)) return 'refused';
    if (counter === 'version_text' && value !== file.version) outcome = 'pending';
  }
  return outcome;
}
