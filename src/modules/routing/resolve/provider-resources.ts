import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import {
  PROVIDER_RESOURCES,
  PROVIDER_RESOURCES_ANNOTATION,
  type ProviderResources,
} from '../../../shared/filter-config/filter-config.js';
import { error } from './faults.js';

/** Whether the route lets its clients ask for what providers keep. An unknown word is a fault and reads as refuse. */
export function resolveProviderResources(route: AIGatewayRoute): {
  readonly policy: ProviderResources;
  readonly faults: readonly Fault[];
} {
  const found = route.metadata.annotations?.[PROVIDER_RESOURCES_ANNOTATION];
  if (found === undefined) return { policy: 'refuse', faults: [] };
  const policy = PROVIDER_RESOURCES.find((candidate) => candidate === found);
  if (policy !== undefined) return { policy, faults: [] };
  const message = `${JSON.stringify(found.slice(0, 64))} is unknown and read as refuse: expected one of ${PROVIDER_RESOURCES.join(', ')}`;
  return {
    policy: 'refuse',
    faults: [error(route, `metadata.annotations[${PROVIDER_RESOURCES_ANNOTATION}]`, 'UnsupportedValue', message)],
  };
}
