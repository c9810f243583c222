import { create } from '@bufbuild/protobuf';
import {
  RouteAction_UpgradeConfigSchema,
  type Route,
} from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import {
  HttpConnectionManager_UpgradeConfigSchema,
  type HttpConnectionManager,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { withMembers } from './copy-on-write.js';

const WEBSOCKET = 'websocket';

// Envoy allows or refuses an upgrade once, by the route of the first match. That is the rule that answers when no model is
// known (21.8), a direct response, which has no say in upgrades: so the connection manager has to allow them, and routes that
// did not are told to refuse them as before.

/** The manager with WebSocket upgrades allowed where routes do not say otherwise; the processor judges those of AI routes. */
export const withWebSocketUpgrades = (manager: HttpConnectionManager): HttpConnectionManager =>
  manager.upgradeConfigs.some(isWebSocket)
    ? manager
    : {
        ...manager,
        upgradeConfigs: [
          ...manager.upgradeConfigs,
          create(HttpConnectionManager_UpgradeConfigSchema, { upgradeType: WEBSOCKET }),
        ],
      };

/** The route with WebSocket upgrades refused, unless it names them: what a silent manager does. */
export function withoutInheritedUpgrades(route: Route): Route {
  const { action } = route;
  if (action.case !== 'route' || action.value.upgradeConfigs.some(isWebSocket)) return route;
  const refused = create(RouteAction_UpgradeConfigSchema, { upgradeType: WEBSOCKET, enabled: false });
  const upgradeConfigs = [...action.value.upgradeConfigs, refused];
  return withMembers(route, { action: { case: 'route', value: withMembers(action.value, { upgradeConfigs }) } });
}

/** Envoy compares upgrade types without case. */
const isWebSocket = ({ upgradeType }: { readonly upgradeType: string }): boolean =>
  upgradeType.toLowerCase() === WEBSOCKET;
