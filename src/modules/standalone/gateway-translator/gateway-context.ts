import type { BackendTrafficPolicy, ClientTrafficPolicy, SecurityPolicy } from '../../../shared/api/envoy-gateway.js';
import type { Gateway } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { attachPolicies, type PolicyFinder } from './policy-attachment.js';
import { ruleTargets, type RuleTargets } from './rule-targets.js';
import { securityResolver, type Security } from './security/security-policy.js';
import type { Translation } from './translate-options.js';

/** One Gateway under translation, with what was looked up for it. */
export interface GatewayContext extends Translation {
  readonly gateway: Gateway;
  readonly trafficPolicy: PolicyFinder<BackendTrafficPolicy>;
  readonly securityPolicy: PolicyFinder<SecurityPolicy>;
  readonly clientPolicy: PolicyFinder<ClientTrafficPolicy>;
  readonly security: (policy: SecurityPolicy | undefined) => Security;
  readonly targets: RuleTargets;
}

export const gatewayContext = (translation: Translation, gateway: Gateway): GatewayContext => ({
  ...translation,
  gateway,
  trafficPolicy: attachPolicies(translation, kinds.backendTrafficPolicy),
  securityPolicy: attachPolicies(translation, kinds.securityPolicy),
  clientPolicy: attachPolicies(translation, kinds.clientTrafficPolicy, [kinds.gateway]),
  security: securityResolver(translation),
  targets: ruleTargets(translation),
});
