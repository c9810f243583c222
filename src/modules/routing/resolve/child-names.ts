import { createHash } from 'node:crypto';
import { partName } from '../../../shared/api/route-parts.js';

/** Kubernetes' limit of an object name. */
const NAME_LENGTH_MAX = 253;
const HASH_LENGTH = 12;

/** Names of what is generated for an AIGatewayRoute. @see spec controller.md section 6 */
export const childNames = {
  /** The extension server finds the AIGatewayRoute by this equality. */
  httpRoute: (route: string) => route,
  /** `part` counts from 0, which is the HTTPRoute of the route's own name. */
  httpRoutePart: (route: string, part: number, ruleOffset: number) =>
    part === 0 ? route : bounded(partName(route, part, ruleOffset)),
  hostRewriteFilter: (route: string) => bounded(`ai-eg-host-rewrite-${route}`),
  notFoundFilter: (route: string) => bounded(`ai-eg-route-not-found-response-${route}`),
  closedFilter: (route: string) => bounded(`ai-eg-closed-response-${route}`),
} as const;

/** Holds the token that was exchanged for a BackendSecurityPolicy. @see spec controller.md section 13 */
export const exchangedSecretName = (policy: string): string => `ai-eg-bsp-${policy}`;

/** A name that is too long is cut and ends with a hash of the whole, so that two long names stay apart. */
function bounded(name: string): string {
  if (name.length <= NAME_LENGTH_MAX) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${name.slice(0, NAME_LENGTH_MAX - HASH_LENGTH - 1).replace(/[-.]+$/, '')}-${hash}`;
}
