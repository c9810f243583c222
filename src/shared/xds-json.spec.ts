import { create } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema } from '../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { discoveryJson, messageFromJson, messageToJson, xdsFromJson, xdsToJson } from './xds-json.js';

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const CLUSTER = {
  name: 'c',
  type: 'STRICT_DNS',
  connect_timeout: '0.250s',
  per_connection_buffer_limit_bytes: 32_768,
  metadata: { filter_metadata: { any: { list: [1, 'two', null, { three: true }] } } },
  typed_extension_protocol_options: {
    [OPTIONS]: { '@type': `type.googleapis.com/${OPTIONS}`, explicit_http_config: { http2_protocol_options: {} } },
  },
};

describe('xdsFromJson and xdsToJson', () => {
  it('are each other’s inverse, with the field names of Envoy', () => {
    expect(xdsToJson(xdsFromJson({ clusters: [CLUSTER] }))).toEqual({
      listeners: [],
      routes: [],
      clusters: [CLUSTER],
      secrets: [],
    });
  });

  it('keep an Any that is present and empty', () => {
    const filterConfig = { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', config: {} };
    const routes = [{ name: 'table', typed_per_filter_config: { filter: filterConfig } }];
    expect(xdsToJson(xdsFromJson({ routes })).routes).toEqual(routes);
  });
});

describe('messageFromJson', () => {
  it('takes lowerCamelCase names too', () => {
    expect(messageFromJson(ClusterSchema, { altStatName: 'x' })).toEqual(
      messageFromJson(ClusterSchema, { alt_stat_name: 'x' }),
    );
  });

  it.each([
    ['an unknown field', { nmae: 'c' }, 'key "nmae" is unknown'],
    [
      'a wrong type',
      { name: 1 },
      'cannot decode field envoy.config.cluster.v3.Cluster.name from JSON: expected string, got 1',
    ],
  ])('names the place of %s', (_case, json, message) => {
    expect(() => messageFromJson(ClusterSchema, json)).toThrow(message);
  });
});

describe('messageToJson', () => {
  it('names the type of an Any that is not in proto/', () => {
    const unknown = create(AnySchema, { typeUrl: 'type.googleapis.com/envoy.newer.v9.Thing' });
    const cluster = create(ClusterSchema, { typedExtensionProtocolOptions: { x: unknown } });
    expect(() => messageToJson(ClusterSchema, cluster)).toThrow('"type.googleapis.com/envoy.newer.v9.Thing"');
  });
});

describe('discoveryJson', () => {
  it('is the content of an xDS file', () => {
    const cluster = messageFromJson(ClusterSchema, { name: 'c' });
    expect(discoveryJson(ClusterSchema, [cluster], '7')).toEqual({
      version_info: '7',
      resources: [{ '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: 'c' }],
    });
  });
});
