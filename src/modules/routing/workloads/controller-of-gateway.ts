import type { Gateway, GatewayClass } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';

/** Who serves a Gateway, by its class; undefined while the class is not there. @see Gateway API, GatewayClassSpec.controllerName */
export const controllerOfGateway = (world: Snapshot, { spec }: Gateway): string | undefined =>
  world.get<GatewayClass>(kinds.gatewayClass, '', spec?.gatewayClassName ?? '')?.spec?.controllerName;
