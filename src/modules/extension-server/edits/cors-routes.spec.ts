import { create, equals, type MessageInitShape } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import {
  RouteAction_ClusterNotFoundResponseCode,
  RouteSchema,
  type Route,
} from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { withCorsTwins } from './cors-routes.js';

type RouteInit = Exclude<MessageInitShape<typeof RouteSchema>, Route>;
const CORS = { 'envoy.filters.http.cors': create(AnySchema, { typeUrl: 'cors' }) };
const KEYS = { 'envoy.filters.http.api_key_auth': create(AnySchema, { typeUrl: 'keys' }) };
const AI = { 'envoy-gateway': { resources: [{ annotations: { 'ai-gateway-generated': 'true' } }] } };
const notFound = (more: RouteInit = {}): RouteInit => ({
  name: 'not-found',
  match: { pathSpecifier: { case: 'prefix', value: '/' }, headers: [{ name: 'x-tenant' }] },
  action: { case: 'directResponse', value: { status: 404 } },
  metadata: { filterMetadata: AI },
  typedPerFilterConfig: { ...CORS, ...KEYS },
  ...more,
});
const tableOf = (...routes: RouteInit[]) =>
  create(RouteConfigurationSchema, {
    virtualHosts: [{ name: 'host', routes: routes.map((route) => create(RouteSchema, route)) }],
  });

describe('withCorsTwins', () => {
  it('puts a forwarding twin in front that matches browsers before the model is known, with the same filters', () => {
    const table = tableOf({ name: 'model' }, notFound());
    const routes = withCorsTwins(table).virtualHosts[0]!.routes;
    expect(routes.map(({ name }) => name)).toEqual(['model', 'not-found/cors', 'not-found']);
    const twin = routes[1]!;
    expect(
      equals(
        RouteSchema,
        twin,
        create(RouteSchema, {
          ...notFound(),
          name: 'not-found/cors',
          match: {
            pathSpecifier: { case: 'prefix', value: '/' },
            headers: [
              { name: 'x-tenant' },
              { name: 'origin', headerMatchSpecifier: { case: 'presentMatch', value: true } },
              { name: 'x-ai-eg-model', headerMatchSpecifier: { case: 'presentMatch', value: true }, invertMatch: true },
            ],
          },
          action: {
            case: 'route',
            value: {
              clusterSpecifier: { case: 'cluster', value: 'ai-gateway-no-cluster' },
              clusterNotFoundResponseCode: RouteAction_ClusterNotFoundResponseCode.NOT_FOUND,
            },
          },
        }),
      ),
    ).toBe(true);
    expect(routes[2]).toBe(table.virtualHosts[0]!.routes[1]);
  });

  it('changes nothing the second time', () => {
    const once = withCorsTwins(tableOf(notFound()));
    expect(withCorsTwins(once)).toBe(once);
  });

  it.each<[string, RouteInit]>([
    ['without a CORS policy', notFound({ typedPerFilterConfig: KEYS })],
    ['that is not an AI route', notFound({ metadata: { filterMetadata: {} } })],
    ['that forwards', notFound({ action: { case: 'route', value: {} } })],
  ])('leaves a route alone %s', (_case, route) => {
    const table = tableOf(route);
    expect(withCorsTwins(table)).toBe(table);
  });
});
