import { create, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { ListenerSchema } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '../../../gen/proto/envoy/config/route/v3/route_pb.js';
import { HttpConnectionManagerSchema } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { matchFact, routesFingerprint } from '../../../shared/api/generated-http-route.js';
import { gatewaysOfListener, gatewaysWithAIRoutes } from './gateways.js';
import { decodeListener } from './http-connection-managers.js';

const KEY = 'gateway.networking.k8s.io/Gateway/';
const metadataOf = (...resources: JsonObject[]) => ({ filterMetadata: { 'envoy-gateway': { resources } } });
const gateway = (name: string) => ({ kind: 'Gateway', namespace: 'ns', name });
const MARK = metadataOf({ kind: 'HTTPRoute', annotations: { 'ai-gateway-generated': 'true' } });
type Metadata = ReturnType<typeof metadataOf>;

const listenerOf = (name: string, metadata?: Metadata) => {
  const typedConfig = anyPack(
    HttpConnectionManagerSchema,
    create(HttpConnectionManagerSchema, { routeSpecifier: { case: 'rds', value: { routeConfigName: 'table' } } }),
  );
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typedConfig }];
  return decodeListener(
    create(ListenerSchema, { name, ...(metadata ? { metadata } : {}), defaultFilterChain: { filters } }),
  );
};
type Hosts = NonNullable<MessageInitShape<typeof RouteConfigurationSchema>['virtualHosts']>;
const tableOf = (...virtualHosts: Hosts) =>
  new Map([['table', create(RouteConfigurationSchema, { name: 'table', virtualHosts })]]);
const host = (isAI: boolean, metadata?: Metadata): Hosts[number] => ({
  ...(metadata ? { metadata } : {}),
  routes: [isAI ? { metadata: MARK } : {}],
});

describe('gatewaysOfListener', () => {
  it.each([
    [
      'virtual hosts',
      listenerOf('ns/x/http', metadataOf(gateway('own'))),
      tableOf(host(true, metadataOf(gateway('b')))),
      ['ns/b', 'ns/own'],
    ],
    ['its own metadata', listenerOf('tcp-80', metadataOf(gateway('own'))), tableOf(host(true)), ['ns/own']],
    ['its name', listenerOf('ns/edge/http'), tableOf(host(true)), ['ns/edge']],
    ['nothing', listenerOf('tcp-80'), tableOf(host(true)), []],
    [
      'objects of other kinds and shapes',
      listenerOf('x', metadataOf({ kind: 'Other' }, { kind: 'Gateway' })),
      tableOf(),
      [],
    ],
  ])('are told by %s', (_case, listener, tables, expected) => {
    expect(gatewaysOfListener(listener, tables)).toEqual(expected.map((name) => KEY + name));
  });
});

describe('gatewaysWithAIRoutes', () => {
  it('are those of the virtual hosts with AI routes when Gateways share a port', () => {
    const tables = tableOf(
      host(true, metadataOf(gateway('c'))),
      host(false, metadataOf(gateway('b'))),
      host(true, metadataOf(gateway('a'))),
    );
    expect([...gatewaysWithAIRoutes([listenerOf('tcp-80', metadataOf(gateway('b')))], tables).keys()]).toEqual([
      `${KEY}ns/a`,
      `${KEY}ns/c`,
    ]);
  });

  it.each([
    ['metadata of the listener', listenerOf('tcp-80', metadataOf(gateway('own'))), ['ns/own']],
    ['the name of the listener', listenerOf('ns/edge/http'), ['ns/edge']],
    ['nothing', listenerOf('tcp-80'), []],
    ['a special listener', listenerOf('envoy-gateway-proxy-ready-0.0.0.0-19003', metadataOf(gateway('own'))), []],
  ])('are told by %s when virtual hosts say nothing', (_case, listener, expected) => {
    expect([...gatewaysWithAIRoutes([listener], tableOf(host(true))).keys()]).toEqual(
      expected.map((name) => KEY + name),
    );
  });

  it('are none without AI routes', () => {
    const tables = tableOf(host(false, metadataOf(gateway('a'))));
    expect(gatewaysWithAIRoutes([listenerOf('ns/edge/http')], tables).size).toBe(0);
  });

  it('come with a fingerprint of their own HTTPRoutes, whatever hosts and twins these have', () => {
    const modelHeader = (model: string) => ({
      name: 'X-AI-EG-Model',
      headerMatchSpecifier: {
        case: 'stringMatch' as const,
        value: { matchPattern: { case: 'exact' as const, value: model } },
      },
    });
    const route = (name: string, match: string, model?: string) => ({
      name: `httproute/ns/${name}/rule/0/match/${match}`,
      ...(model !== undefined && { match: { headers: [modelHeader(model)] } }),
      metadata: metadataOf({
        kind: 'HTTPRoute',
        namespace: 'ns',
        name,
        annotations: { 'ai-gateway-generated': 'true', 'backend-ref-priority': '0:x:0', other: 'value' },
      }),
    });
    const facts = { namespace: 'ns', refs: '0:x:0', xdsInputs: '' };
    const tables = tableOf(
      {
        metadata: metadataOf(gateway('a')),
        routes: [route('one', '0/*', 'm'), route('one', '1/*'), route('one', '0/*/cors', 'm')],
      },
      { metadata: metadataOf(gateway('a')), routes: [route('one', '0/a_test', 'm'), route('two', '-1/*')] },
      {
        metadata: metadataOf(gateway('b')),
        routes: [route('two', '-1/*'), { name: 'httproute/ns/plain/rule/0/match/0/*' }],
      },
    );
    const one = { ...facts, name: 'one', matches: [matchFact(0, undefined), matchFact(0, 'm')] };
    const two = { ...facts, name: 'two', matches: [matchFact(0, undefined)] };
    expect(gatewaysWithAIRoutes([listenerOf('tcp-80')], tables)).toEqual(
      new Map([
        [`${KEY}ns/a`, routesFingerprint([one, two])],
        [`${KEY}ns/b`, routesFingerprint([two])],
      ]),
    );
  });
});
