import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { RouteSchema } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { HttpConnectionManagerSchema } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { withoutInheritedUpgrades, withWebSocketUpgrades } from './websocket-upgrades.js';

const managerWith = (...types: readonly string[]) =>
  create(HttpConnectionManagerSchema, {
    statPrefix: 'http-80',
    upgradeConfigs: types.map((upgradeType) => ({ upgradeType })),
  });
const routeWith = (...upgradeConfigs: readonly { upgradeType: string; enabled?: boolean }[]) =>
  create(RouteSchema, {
    name: 'route',
    action: {
      case: 'route',
      value: { clusterSpecifier: { case: 'cluster', value: 'one' }, upgradeConfigs: [...upgradeConfigs] },
    },
  });

describe('withWebSocketUpgrades (G33)', () => {
  it('allows WebSocket besides what the manager allows', () => {
    expect(withWebSocketUpgrades(managerWith('CONNECT'))).toEqual(managerWith('CONNECT', 'websocket'));
  });

  it.each(['websocket', 'WebSocket'])('returns a manager by identity that names %s', (type) => {
    const manager = managerWith(type);
    expect(withWebSocketUpgrades(manager)).toBe(manager);
  });
});

describe('withoutInheritedUpgrades (G33)', () => {
  it('refuses what a silent manager refused', () => {
    expect(withoutInheritedUpgrades(routeWith({ upgradeType: 'CONNECT' }))).toEqual(
      routeWith({ upgradeType: 'CONNECT' }, { upgradeType: 'websocket', enabled: false }),
    );
  });

  it.each([
    ['allows WebSocket', routeWith({ upgradeType: 'websocket' })],
    ['refuses it', routeWith({ upgradeType: 'WebSocket', enabled: false })],
    [
      'forwards nothing',
      create(RouteSchema, { name: 'route', action: { case: 'directResponse', value: { status: 404 } } }),
    ],
  ])('returns a route by identity that %s', (_, route) => {
    expect(withoutInheritedUpgrades(route)).toBe(route);
  });
});
