import { create, type JsonObject } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { FilterConfigSchema, RouteSchema } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import { enableProcessor, isAIRoute } from './ai-routes.js';
import { unpack } from './packed.js';
import { EXT_PROC_FILTER } from './xds-names.js';

const NO_RULES = () => undefined;
const NO_DOMAIN = () => undefined;
const MARK = { 'ai-gateway-generated': 'true' };
const routeOf = (filterMetadata: Record<string, JsonObject>) =>
  create(RouteSchema, { name: 'route', metadata: { filterMetadata } });
const routeWith = (...objects: JsonObject[]) => routeOf({ 'envoy-gateway': { resources: objects } });

describe('isAIRoute', () => {
  it('finds the annotation in any entry, whatever its value', () => {
    expect(isAIRoute(routeWith({ name: 'a' }, { annotations: { 'ai-gateway-generated': '' } }))).toBe(true);
  });

  it.each([
    ['no metadata', create(RouteSchema)],
    ['no name space', routeOf({ other: {} })],
    ['no resources', routeOf({ 'envoy-gateway': {} })],
    ['resources of another shape', routeOf({ 'envoy-gateway': { resources: { annotations: MARK } } })],
    ['entries of another shape', routeOf({ 'envoy-gateway': { resources: ['x', null, [MARK]] } })],
    ['no annotations', routeWith({ name: 'a' })],
    ['annotations of another shape', routeWith({ annotations: 'ai-gateway-generated' })],
    ['other annotations', routeWith({ annotations: { generated: 'true' } })],
  ])('is false with %s', (_case, route) => {
    expect(isAIRoute(route)).toBe(false);
  });
});

describe('enableProcessor', () => {
  it.each([
    ['the first entry with a name', [{ name: '' }, { name: 'b', namespace: 'ns' }, { name: 'c' }], 'ns/b'],
    ['the bare name of an entry without namespace', [{ name: 'b' }, { name: 'c', namespace: 'ns' }], 'b'],
    ['the route when no entry has a name', [], 'route'],
  ])('names the AIGatewayRoute by %s', (_case, objects, expected) => {
    const edited = enableProcessor(routeWith({ annotations: MARK }, ...objects), NO_RULES, NO_DOMAIN);
    expect(edited.metadata?.filterMetadata['aigateway.envoy.io']).toEqual({ aigw_route_name: expected });
  });

  it('switches the filter on with a configuration that is present and empty', () => {
    const edited = enableProcessor(routeWith({ annotations: MARK }), NO_RULES, NO_DOMAIN);
    const filter = unpack(edited.typedPerFilterConfig[EXT_PROC_FILTER], FilterConfigSchema);
    expect(filter).toMatchObject({ disabled: false, config: { typeUrl: '' } });
  });

  it('changes nothing the second time, and nothing on other routes', () => {
    const once = enableProcessor(routeWith({ annotations: MARK }), NO_RULES, NO_DOMAIN);
    const other = routeWith({ name: 'a' });
    expect(enableProcessor(once, NO_RULES, NO_DOMAIN)).toBe(once);
    expect(enableProcessor(other, NO_RULES, NO_DOMAIN)).toBe(other);
  });

  it.each([
    ['the authentication domain', () => 'domain', { aigw_route_name: 'a', auth_domain: 'domain' }],
    ['no authentication domain when there is none', NO_DOMAIN, { aigw_route_name: 'a' }],
  ])('writes %s', (_case, domainOf, expected) => {
    const route = routeWith({ name: 'a', annotations: MARK });
    route.typedPerFilterConfig['envoy.filters.http.api_key_auth'] = create(AnySchema, { typeUrl: 'keys' });
    const edited = enableProcessor(route, NO_RULES, domainOf);
    expect(edited.metadata?.filterMetadata['aigateway.envoy.io']).toEqual(expected);
    expect(enableProcessor(edited, NO_RULES, domainOf)).toBe(edited);
  });
});
