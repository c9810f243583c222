import type { CorsPolicySchema } from '../../../../gen/proto/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import type { StringMatcherSchema } from '../../../../gen/proto/envoy/type/matcher/v3/string_pb.js';
import type { CorsSettings, SecurityPolicy } from '../../../../shared/api/envoy-gateway.js';
import type { Init } from '../extension.js';
import { readDurationMs } from '../duration.js';
import type { Translation } from '../translate-options.js';

export const CORS_FILTER = 'envoy.filters.http.cors';

export function corsPolicy(
  { faults }: Translation,
  policy: SecurityPolicy,
  settings: CorsSettings,
): Init<typeof CorsPolicySchema> {
  const maxAgeMs = readDurationMs(faults, policy, 'spec.cors.maxAge', settings.maxAge);
  return {
    allowOriginStringMatch: (settings.allowOrigins ?? []).map(originMatcher),
    allowMethods: (settings.allowMethods ?? []).join(', '),
    allowHeaders: (settings.allowHeaders ?? []).join(', '),
    exposeHeaders: (settings.exposeHeaders ?? []).join(', '),
    maxAge: maxAgeMs === undefined ? '' : String(Math.floor(maxAgeMs / 1000)),
    allowCredentials: settings.allowCredentials ?? false,
    // A preflight of an unknown origin ends here instead of being sent to a provider.
    forwardNotMatchingPreflights: false,
  };
}

/** `*` alone is every origin; inside an origin it is a part of the host, with its port when it stands last. */
function originMatcher(origin: string): Init<typeof StringMatcherSchema> {
  if (!origin.includes('*')) return { matchPattern: { case: 'exact', value: origin } };
  if (origin === '*') return { matchPattern: { case: 'safeRegex', value: { regex: '.*' } } };
  const escaped = origin.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  return { matchPattern: { case: 'safeRegex', value: { regex: escaped.replaceAll('*', '[-.:0-9A-Za-z]+') } } };
}
