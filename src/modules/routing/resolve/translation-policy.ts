import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { TRANSLATION_POLICIES, type TranslationPolicy } from '../../../shared/filter-config/filter-config.js';
import { error } from './faults.js';

const ANNOTATION = 'aigateway.envoyproxy.io/translation-policy';

/** What the route wants done with fields that a backend cannot express. An unknown word is a fault and reads as lenient. */
export function resolveTranslationPolicy(route: AIGatewayRoute): {
  readonly policy: TranslationPolicy;
  readonly faults: readonly Fault[];
} {
  const found = route.metadata.annotations?.[ANNOTATION];
  if (found === undefined) return { policy: 'lenient', faults: [] };
  const policy = TRANSLATION_POLICIES.find((candidate) => candidate === found);
  if (policy !== undefined) return { policy, faults: [] };
  const message = `translation policy ${JSON.stringify(found.slice(0, 64))} is unknown and read as lenient: expected one of ${TRANSLATION_POLICIES.join(', ')}`;
  return {
    policy: 'lenient',
    faults: [error(route, `metadata.annotations[${ANNOTATION}]`, 'UnsupportedValue', message)],
  };
}
