import type { Controller } from '../../crd/controller.js';
import { AffectedRoots } from './affected-roots.js';
import { GatewayController } from './gateway-controller.js';
import { InferencePoolController } from './inference-pool-controller.js';
import { RouteController } from './route-controller.js';
import type { RoutingControllerOptions } from './routing-options.js';
import { statusControllers } from './status-controllers.js';
import { UnsupportedKindsController } from './unsupported-kinds-controller.js';

/** All controllers of routing. They share what is known of references, so each change has to be shown to all of them. */
export function routingControllers(
  options: RoutingControllerOptions,
  affected: AffectedRoots = new AffectedRoots(),
): readonly Controller[] {
  return [
    new RouteController(affected, options),
    new GatewayController(affected, options),
    ...statusControllers(affected),
    new InferencePoolController(),
    new UnsupportedKindsController(),
  ];
}
