import { create } from '@bufbuild/protobuf';
import { durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import { RetryPolicySchema, type Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import type { RuleLookup } from './rule-lookup.js';
import { parseRuleName } from './xds-names.js';

/**
 * The route with its rule's `streamIdleTimeout` as the idle time of one attempt. The rest of the retry policy stays; a
 * policy that is made for it retries nothing, so the timeout just ends the request.
 * @see spec extension-server.md section 13, ops.md C3
 */
export function withStreamIdleTimeout(route: Route, lookup: RuleLookup): Route {
  const name = parseRuleName(route.name);
  if (route.action.case !== 'route' || name === undefined) return route;
  const timeoutMs = parseDurationMs(lookup(name)?.rule?.streamIdleTimeout ?? '');
  const { retryPolicy } = route.action.value;
  const existing = retryPolicy?.perTryIdleTimeout;
  if (timeoutMs === 0 || (existing !== undefined && durationMs(existing) === timeoutMs)) return route;
  const perTryIdleTimeout = durationFromMs(timeoutMs);
  return {
    ...route,
    action: {
      case: 'route',
      value: {
        ...route.action.value,
        retryPolicy: { ...(retryPolicy ?? create(RetryPolicySchema)), perTryIdleTimeout },
      },
    },
  };
}

const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** A Gateway API duration; 0 for anything else, which means no timeout. @see spec api.md P-DUR */
function parseDurationMs(text: string): number {
  if (!/^(\d{1,5}(h|ms|m|s)){1,4}$/.test(text)) return 0;
  const parts = text.matchAll(/(\d+)(h|ms|m|s)/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS], 0);
}
