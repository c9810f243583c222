import type { Controller } from '../../crd/controller.js';
import { AffectedRoots } from './affected-roots.js';
import { GatewayController } from './gateway-controller.js';
import { InferencePoolController } from './inference-pool-controller.js';
import { RouteController } from './route-controller.js';
import { OversizedConfigs } from './oversized-configs.js';
import type { RoutingControllerOptions } from './routing-options.js';
import { statusControllers } from './status-controllers.js';
import { UnsupportedKindsController } from './unsupported-kinds-controller.js';

/** All controllers of routing. They share what is known of references, so each change has to be shown to all of them. */
export function routingControllers(
  options: RoutingControllerOptions,
  affected: AffectedRoots = new AffectedRoots(),
): readonly Controller[] {
  const oversized = new OversizedConfigs();
  return [
    new RouteController(affected, options, oversized),
    new GatewayController(affected, options, oversized),
    ...statusControllers(affected),
    new InferencePoolController(),
    new UnsupportedKindsController(),
  ];
}
