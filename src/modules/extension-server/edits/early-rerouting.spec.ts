import { create } from '@bufbuild/protobuf';
import { anyPack, AnySchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { JwtAuthenticationSchema } from '../../../gen/proto/envoy/extensions/filters/http/jwt_authn/v3/config_pb.js';
import { HttpConnectionManagerSchema } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { withoutEarlyRerouting } from './early-rerouting.js';
import { unpack } from './packed.js';

const JWT = 'envoy.filters.http.jwt_authn';
const managerWith = (...clearRouteCache: readonly boolean[]) => {
  const providers = Object.fromEntries(
    clearRouteCache.map((one, index) => [`provider-${index}`, { issuer: `issuer-${index}`, clearRouteCache: one }]),
  );
  const config = create(JwtAuthenticationSchema, { providers, bypassCorsPreflight: true });
  return create(HttpConnectionManagerSchema, {
    httpFilters: [
      { name: 'other', typedConfig: create(AnySchema, { typeUrl: 'type.googleapis.com/envoy.newer.v9.Thing' }) },
      { name: JWT, typedConfig: anyPack(JwtAuthenticationSchema, config) },
      { name: 'envoy.filters.http.router' },
    ],
  });
};

describe('withoutEarlyRerouting', () => {
  it('keeps tokens from changing the route, and everything else as it is', () => {
    const before = managerWith(true, false);
    const after = withoutEarlyRerouting(before);
    expect(after.httpFilters[1]).toEqual(managerWith(false, false).httpFilters[1]);
    expect(unpack(after.httpFilters[1]?.typedConfig, JwtAuthenticationSchema)).toMatchObject({
      providers: { 'provider-0': { issuer: 'issuer-0' }, 'provider-1': { issuer: 'issuer-1' } },
    });
    expect([after.httpFilters[0], after.httpFilters[2]]).toEqual([before.httpFilters[0], before.httpFilters[2]]);
  });

  it('returns a manager by identity whose tokens change nothing', () => {
    const manager = managerWith(false);
    expect(withoutEarlyRerouting(manager)).toBe(manager);
  });
});
