import type { RouteTimeouts } from '../../../shared/api/http-route.js';

const DEFAULT_REQUEST_MS = 60_000;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** GEP-2257: up to four parts, no sign, no fraction. */
const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;

/**
 * Timeouts of a rule: without `request` it is 60 s, or `backendRequest` where that is longer, since an HTTPRoute
 * refuses an attempt that may outlast its request. @see spec api.md section 3, controller.md section 19 (row 32)
 */
export function ruleTimeouts(timeouts: RouteTimeouts | undefined): RouteTimeouts {
  if (timeouts?.request !== undefined) return timeouts;
  const { backendRequest } = timeouts ?? {};
  if (backendRequest === undefined) return { request: '60s' };
  return { request: durationMs(backendRequest) > DEFAULT_REQUEST_MS ? backendRequest : '60s', backendRequest };
}

/** A Gateway API duration in milliseconds; text that is none counts as 0, the schema refuses it elsewhere. */
function durationMs(text: string): number {
  if (!DURATION.test(text)) return 0;
  return [...text.matchAll(/([0-9]+)(ms|h|m|s)/g)].reduce(
    (sumMs, [, count, unit]) => sumMs + Number(count) * UNIT_MS[unit!]!,
    0,
  );
}
