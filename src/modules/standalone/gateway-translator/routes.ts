import { create, type JsonObject } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { HeaderValueOption_HeaderAppendAction } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import {
  RouteSchema,
  type Route,
  type RouteActionSchema,
} from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { BufferPerRouteSchema } from '../../../gen/proto/envoy/extensions/filters/http/buffer/v3/buffer_pb.js';
import type { BackendTrafficPolicy } from '../../../shared/api/envoy-gateway.js';
import type { HTTPRoute, HTTPRouteRule } from '../../../shared/api/http-route.js';
import { pack, type Init } from './extension.js';
import type { GatewayContext } from './gateway-context.js';
import { routeName } from './names.js';
import { readBytes } from './quantity.js';
import { retryPolicy } from './retry.js';
import type { Attachment } from './route-attachment.js';
import { routeMatch } from './route-match.js';
import type { RoutePosition } from './route-order.js';
import { routeTimeouts } from './route-timeouts.js';
import { ruleFilters, type DirectResponse } from './rule-action.js';
import { perRouteSecurity, type Security } from './security/security-policy.js';

export const BUFFER_FILTER = 'envoy.filters.http.buffer';
const ANNOTATION_PREFIX = 'gateway.envoyproxy.io/';

/** One match of one rule, before its place among all others is known. */
export interface RouteDraft extends RoutePosition {
  readonly security: Security;
  readonly usesBuffer: boolean;
  /** Bytes of its direct response. */
  readonly bodyBytes: number;
  readonly build: (host: string) => Route;
}

/** The routes of an attached HTTPRoute; `ofListener` is the policy that the filters of the listener hold. */
export function routeDrafts(
  context: GatewayContext,
  { route, listener }: Attachment,
  ofListener: Security,
  listenerIdleMs: number | undefined,
): readonly RouteDraft[] {
  return (route.spec.rules ?? []).flatMap((rule, ruleIndex) => {
    const place = { gateway: context.gateway, listener: listener.spec.name, route, rule: rule.name };
    const policy = context.trafficPolicy(place);
    const security = context.security(context.securityPolicy(place));
    const action = ruleAction(context, route, ruleIndex, rule, policy, security, listenerIdleMs);
    const buffer = bufferLimit(context, policy);
    const typedPerFilterConfig = {
      ...buffer,
      ...(typeof security === 'object' ? perRouteSecurity(security, ofListener) : {}),
    };
    const matches = rule.matches?.length ? rule.matches : [{}];
    return matches.flatMap((match, index): RouteDraft[] => {
      const matcher = routeMatch(context, route, `spec.rules[${ruleIndex}].matches[${index}]`, match);
      if (!matcher) return [];
      const matchIndex = rule.matches?.length ? index : -1;
      return [
        {
          route,
          rule: ruleIndex,
          matchIndex,
          match,
          security,
          usesBuffer: buffer !== undefined,
          bodyBytes: 'directResponse' in action ? Buffer.byteLength(action.directResponse.body) : 0,
          build: (host) =>
            create(RouteSchema, {
              name: routeName(route, ruleIndex, matchIndex, host),
              match: matcher,
              metadata: { filterMetadata: { 'envoy-gateway': { resources: [resourceOf(route, rule)] } } },
              typedPerFilterConfig,
              ...('directResponse' in action
                ? directResponse(action.directResponse)
                : { action: { case: 'route', value: action.forward } }),
            }),
        },
      ];
    });
  });
}

type Action = { readonly forward: Init<typeof RouteActionSchema> } | { readonly directResponse: DirectResponse };

function ruleAction(
  context: GatewayContext,
  route: HTTPRoute,
  ruleIndex: number,
  rule: HTTPRouteRule,
  policy: BackendTrafficPolicy | undefined,
  security: Security,
  listenerIdleMs: number | undefined,
): Action {
  const filters = ruleFilters(context, route, ruleIndex, rule);
  const timeouts = routeTimeouts(context, route, ruleIndex, rule, policy, listenerIdleMs);
  if (filters.isFaulty || security === 'faulty') return { directResponse: { status: 500, body: '' } };
  if (filters.directResponse) return { directResponse: filters.directResponse };
  const target = context.targets.of(route, ruleIndex, rule, policy);
  if ('status' in target) return { directResponse: { status: target.status, body: '' } };
  const retry = retryPolicy(context, policy, timeouts.backendMs);
  return {
    forward: {
      clusterSpecifier: { case: 'cluster', value: target.cluster },
      ...timeouts.action,
      ...(retry ? { retryPolicy: retry } : {}),
      // A buffered request cannot be upgraded.
      ...(policy?.spec.requestBuffer ? {} : { upgradeConfigs: [{ upgradeType: 'websocket' }] }),
      ...(filters.rewritesHost
        ? { hostRewriteSpecifier: { case: 'autoHostRewrite', value: { value: true } }, appendXForwardedHost: true }
        : {}),
    },
  };
}

const directResponse = ({ status, body, contentType }: DirectResponse): Partial<Init<typeof RouteSchema>> => ({
  action: {
    case: 'directResponse',
    value: { status, ...(body === '' ? {} : { body: { specifier: { case: 'inlineString', value: body } } }) },
  },
  ...(contentType
    ? {
        responseHeadersToAdd: [
          {
            header: { key: 'content-type', value: contentType.replaceAll('%', '%%') },
            appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
          },
        ],
      }
    : {}),
});

function bufferLimit(
  { faults }: GatewayContext,
  policy: BackendTrafficPolicy | undefined,
): Readonly<Record<string, Any>> | undefined {
  const maxRequestBytes =
    policy && readBytes(faults, policy, 'spec.requestBuffer.limit', policy.spec.requestBuffer?.limit);
  if (maxRequestBytes === undefined) return undefined;
  return {
    [BUFFER_FILTER]: pack(BufferPerRouteSchema, { override: { case: 'buffer', value: { maxRequestBytes } } }),
  };
}

/** What the extension-server edits know a route by. @see spec extension-server.md section 4, "route metadata" */
function resourceOf(route: HTTPRoute, rule: HTTPRouteRule): JsonObject {
  const { namespace = '', name, annotations = {} } = route.metadata;
  const passed = Object.entries(annotations)
    .filter(([key]) => key.startsWith(ANNOTATION_PREFIX))
    .map(([key, value]) => [key.slice(ANNOTATION_PREFIX.length), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind: route.kind,
    namespace,
    name,
    ...(passed.length > 0 ? { annotations: Object.fromEntries(passed) } : {}),
    ...(rule.name ? { sectionName: rule.name } : {}),
  };
}
