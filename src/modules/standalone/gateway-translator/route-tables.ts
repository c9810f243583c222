import { create } from '@bufbuild/protobuf';
import {
  RouteConfigurationSchema,
  type RouteConfiguration,
} from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { displayName } from '../../../shared/api/kube-object.js';
import type { GatewayContext } from './gateway-context.js';
import type { ListenerPlan } from './listener-plan.js';
import { virtualHostName } from './names.js';
import type { Attachment } from './route-attachment.js';
import { byPrecedence } from './route-order.js';
import { routeDrafts, type RouteDraft } from './routes.js';
import type { ResolvedSecurity, Security } from './security/security-policy.js';

/** Envoy refuses a routing table with a longer direct response unless it is told. */
const DIRECT_RESPONSE_BYTES_DEFAULT = 4096;
const AI_ANNOTATION = 'gateway.envoyproxy.io/ai-gateway-generated';

/** A routing table, and what its routes need from the filters of its listener. */
export interface RouteTable {
  readonly config: RouteConfiguration;
  readonly securities: readonly ResolvedSecurity[];
  /** Policy of the listener as such, whose API keys stand in the filter itself. */
  readonly ofListener: Security;
  readonly usesBuffer: boolean;
}

/**
 * The table of one or several listeners, named like the first. Each listener and host has a virtual host.
 * @see spec extension-server.md section 4
 */
export function routeTable(
  context: GatewayContext,
  listeners: readonly [ListenerPlan, ...ListenerPlan[]],
  attachments: readonly Attachment[],
  listenerIdleMs: number | undefined,
): RouteTable {
  const [first] = listeners;
  const place = { gateway: context.gateway, listener: first.spec.name };
  const ofListener = context.security(context.securityPolicy(place));
  const draftsByHost = new Map<string, { readonly domain: string; readonly drafts: RouteDraft[] }>();
  for (const listener of listeners) {
    for (const attachment of attachments.filter((candidate) => candidate.listener === listener)) {
      const drafts = routeDrafts(context, attachment, ofListener, listenerIdleMs);
      for (const host of attachment.hosts) {
        const name = virtualHostName(listener.name, host);
        const known = draftsByHost.get(name);
        if (known) known.drafts.push(...drafts);
        else draftsByHost.set(name, { domain: host, drafts: [...drafts] });
      }
    }
  }
  const all = [...draftsByHost.values()].flatMap(({ drafts }) => drafts);
  const bodyBytesMax = Math.max(0, ...all.map(({ bodyBytes }) => bodyBytes));
  const virtualHosts = [...draftsByHost].map(([name, { domain, drafts }]) => {
    const ordered = drafts.toSorted(byPrecedence);
    warnOfAmbiguousPolicies(context, domain, ordered);
    return { name, domains: [domain], routes: ordered.map(({ build }) => build(domain)) };
  });
  return {
    config: create(RouteConfigurationSchema, {
      name: first.name,
      virtualHosts,
      ignorePortInHostMatching: true,
      ...(bodyBytesMax > DIRECT_RESPONSE_BYTES_DEFAULT ? { maxDirectResponseBodySizeBytes: bodyBytesMax } : {}),
    }),
    securities: distinctSecurities(all),
    ofListener,
    usesBuffer: all.some(({ usesBuffer }) => usesBuffer),
  };
}

const distinctSecurities = (drafts: readonly RouteDraft[]): readonly ResolvedSecurity[] => [
  ...new Map(
    drafts.flatMap(({ security }) => (typeof security === 'object' ? [[security.key, security] as const] : [])),
  ).values(),
];

/**
 * Credentials are checked on the first route match, when the model is not known yet: the first route that asks for no
 * header decides for all AI routes of a host. @see spec extension-server.md 21.8
 */
function warnOfAmbiguousPolicies({ faults }: GatewayContext, host: string, ordered: readonly RouteDraft[]): void {
  const policyOf = ({ security }: RouteDraft) => (typeof security === 'object' ? security.key : security);
  const drafts = ordered.filter(({ route }) => route.metadata.annotations?.[AI_ANNOTATION] !== undefined);
  const deciding = drafts.find(({ match }) => (match.headers ?? []).length === 0);
  if (!deciding) return;
  for (const draft of drafts) {
    // What is faulty answers 500 also when it is reached by the second match.
    if (policyOf(draft) === policyOf(deciding) || draft.security === 'faulty') continue;
    faults.warning(
      draft.route,
      `spec.rules[${draft.rule}]`,
      'PolicyNotEnforced',
      `for host "${host}" credentials are checked as rule ${deciding.rule} of ${displayName(deciding.route)} wants ` +
        'it, because the model is not known yet at that time; requests that would need other credentials are refused ' +
        'with 403: let the SecurityPolicy target the Gateway',
    );
  }
}
