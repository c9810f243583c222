import type { Gateway } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Proxies } from './proxies.js';

/**
 * The Gateways of a class whose proxies serve all of them (`mergeGateways`), sorted. One processor serves them together, with
 * one filter config: that of the first one holds what all of them need. @see spec controller.md section 19 (row 14)
 */
export const gatewaysOfClass = (world: Snapshot, className: string): readonly Gateway[] =>
  world
    .list<Gateway>(kinds.gateway)
    .filter(({ spec, metadata }) => spec?.gatewayClassName === className && metadata.deletionTimestamp === undefined);

/** The Gateway whose processor and filter config serve this one: itself, unless its proxies are shared. */
export const servingGateway = (world: Snapshot, gateway: Gateway, proxies: Proxies): Gateway =>
  (proxies.isShared ? gatewaysOfClass(world, gateway.spec?.gatewayClassName ?? '')[0] : undefined) ?? gateway;
