import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { RouteSchema, type Route } from '../../../gen/proto/envoy/config/route/v3/route_components_pb.js';
import {
  RouteConfigurationSchema,
  type RouteConfiguration,
} from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import {
  ExternalProcessorSchema,
  ExtProcPerRouteSchema,
  type ExtProcPerRoute,
} from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/ext_proc_pb.js';
import {
  ProcessingMode_BodySendMode as Body,
  ProcessingMode_HeaderSendMode as Header,
} from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/processing_mode_pb.js';
import { HttpConnectionManagerSchema } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HeaderMutationSchema } from '../../../gen/proto/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { encodePool, pickerFilterName, type PoolReference } from './inference-pool.js';
import { unpack } from './packed.js';
import { withOwnPickersOnly, withPickerFilters } from './picker-filters.js';

const ROUTER = 'envoy.filters.http.router';
const NOTHING = snapshotOf([]);
const poolNamed = (name: string, others: Partial<PoolReference> = {}): PoolReference => ({
  namespace: 'ns',
  name,
  pickerService: `${name}-epp`,
  pickerPort: 9002,
  bodyMode: 'duplex',
  modeOverride: 'false',
  ...others,
});
const managerWith = (...names: string[]) =>
  create(HttpConnectionManagerSchema, { httpFilters: names.map((name) => ({ name })) });
const A = poolNamed('a');
const B = poolNamed('b');

describe('withPickerFilters', () => {
  const shortNames = (pools: readonly PoolReference[], ...chain: string[]) =>
    withPickerFilters(managerWith(...chain), pools, NOTHING).httpFilters.map(({ name }) =>
      name.replace('envoy.filters.http.ext_proc/endpointpicker/', 'picker '),
    );

  it('puts a filter for each pool in front of the router', () => {
    expect(shortNames([A, B], 'lua', ROUTER)).toEqual(['lua', 'picker a_ns_ext_proc', 'picker b_ns_ext_proc', ROUTER]);
  });

  it('adds only those that are missing', () => {
    expect(shortNames([A, B], pickerFilterName(A), ROUTER)).toEqual([
      'picker a_ns_ext_proc',
      'picker b_ns_ext_proc',
      ROUTER,
    ]);
  });

  it.each([
    ['there are no pools', managerWith(ROUTER), []],
    ['all filters are there', managerWith(pickerFilterName(A), ROUTER), [A]],
    ['there is no router', managerWith('lua'), [A]],
  ])('leaves the manager as it is when %s', (_case, manager, pools) => {
    expect(withPickerFilters(manager, pools, NOTHING)).toBe(manager);
  });

  const processorOf = (pool: PoolReference, ...objects: KubeObject[]) =>
    unpack(
      withPickerFilters(managerWith(ROUTER), [pool], snapshotOf(objects)).httpFilters[0]?.typedConfig,
      ExternalProcessorSchema,
    );

  it('configures a picker by default for duplex streams without override', () => {
    expect(processorOf(A)).toMatchObject({
      grpcService: {
        envoyGrpc: { clusterName: 'envoy.clusters.endpointpicker_a_ns_ext_proc', authority: 'a-epp.ns.svc:9002' },
      },
      processingMode: {
        requestHeaderMode: Header.SEND,
        requestBodyMode: Body.FULL_DUPLEX_STREAMED,
        requestTrailerMode: Header.SEND,
        responseHeaderMode: Header.SEND,
        responseBodyMode: Body.FULL_DUPLEX_STREAMED,
        responseTrailerMode: Header.SEND,
      },
      allowModeOverride: false,
      messageTimeout: { seconds: 300n },
      failureModeAllow: false,
    });
  });

  it.each([
    [{ bodyMode: 'buffered' }, Body.BUFFERED, false],
    [{ bodyMode: 'unknown' }, Body.FULL_DUPLEX_STREAMED, false],
    [{ modeOverride: 'true' }, Body.FULL_DUPLEX_STREAMED, true],
    [{ modeOverride: 'TRUE' }, Body.FULL_DUPLEX_STREAMED, false],
    [{ bodyMode: 'buffered', modeOverride: 'true' }, Body.BUFFERED, true],
  ])('follows %j', (settings, bodyMode, allowModeOverride) => {
    expect(processorOf(poolNamed('a', settings))).toMatchObject({
      processingMode: { requestBodyMode: bodyMode, responseBodyMode: bodyMode },
      allowModeOverride,
    });
  });

  it.each([
    ['FailOpen', true],
    ['FailClose', false],
    [undefined, false],
  ])('follows failureMode %s', (failureMode, failureModeAllow) => {
    const object = {
      apiVersion: 'inference.networking.k8s.io/v1',
      kind: 'InferencePool',
      metadata: { namespace: 'ns', name: 'a' },
      spec: { endpointPickerRef: { name: 'a-epp', ...(failureMode ? { failureMode } : {}) } },
    };
    expect(processorOf(A, object)?.failureModeAllow).toBe(failureModeAllow);
  });

  it('takes away the endpoint that a client names, once, beside mutations of others', () => {
    const manager = create(HttpConnectionManagerSchema, {
      httpFilters: [{ name: ROUTER }],
      earlyHeaderMutationExtensions: [{ name: 'envoy.http.early_header_mutation.header_mutation' }],
    });
    const once = withPickerFilters(manager, [A], NOTHING);
    const twice = withPickerFilters(once, [A, B], NOTHING);
    const [others, ours, ...more] = twice.earlyHeaderMutationExtensions;
    expect(others?.name).toBe('envoy.http.early_header_mutation.header_mutation');
    expect(unpack(ours?.typedConfig, HeaderMutationSchema)?.mutations).toMatchObject([
      { action: { case: 'remove', value: 'x-gateway-destination-endpoint' } },
    ]);
    expect(more).toEqual([]);
  });
});

describe('withOwnPickersOnly', () => {
  const routeOf = (pool?: PoolReference, isDirect = false): Route =>
    create(RouteSchema, {
      action: isDirect ? { case: 'directResponse', value: { status: 404 } } : { case: 'route', value: {} },
      ...(pool === undefined
        ? {}
        : {
            metadata: {
              filterMetadata: { 'aigateway.envoy.io': { per_route_rule_inference_pool: encodePool(pool) } },
            },
          }),
    });
  const tableOf = (...routes: Route[]): RouteConfiguration =>
    create(RouteConfigurationSchema, { name: 'table', virtualHosts: [{ routes }] });
  type Override = ExtProcPerRoute['override']['case'];
  /** What Envoy makes of it: the route's own word counts before that of the table. */
  const isOn = (table: RouteConfiguration, route: Route | undefined, pool: PoolReference): boolean => {
    const name = pickerFilterName(pool);
    const said = [route?.typedPerFilterConfig[name], table.typedPerFilterConfig[name]]
      .map((config): Override => unpack(config, ExtProcPerRouteSchema)?.override.case)
      .find((override) => override !== undefined);
    return said !== 'disabled';
  };
  const pickersOf = (route: Route, pools: readonly PoolReference[]) => {
    const table = withOwnPickersOnly(tableOf(route), pools);
    return pools.filter((pool) => isOn(table, table.virtualHosts[0]?.routes[0], pool));
  };

  it.each([
    ['none for a route without pool', routeOf(), [A, B], []],
    ['none for a direct response', routeOf(undefined, true), [A, B], []],
    ['its own for a route with pool', routeOf(B), [A, B], [B]],
    ['the only pool for its route', routeOf(A), [A], [A]],
    ['none for a route with a pool that the listener does not have', routeOf(B), [A], []],
  ])('leaves on %s', (_case, route, pools, expected) => {
    expect(pickersOf(route, pools)).toEqual(expected);
  });

  it('says nothing at routes without pool, however many pools there are', () => {
    const route = routeOf();
    expect(withOwnPickersOnly(tableOf(route), [A, B]).virtualHosts[0]?.routes[0]).toBe(route);
  });

  it('keeps what others configured, and changes nothing the second time', () => {
    const other = anyPack(ExtProcPerRouteSchema, create(ExtProcPerRouteSchema));
    const table = { ...tableOf({ ...routeOf(A), typedPerFilterConfig: { other } }), typedPerFilterConfig: { other } };
    const once = withOwnPickersOnly(table, [A, B]);
    expect(once.typedPerFilterConfig['other']).toBe(other);
    expect(once.virtualHosts[0]?.routes[0]?.typedPerFilterConfig['other']).toBe(other);
    expect(withOwnPickersOnly(once, [A, B])).toBe(once);
  });
});
