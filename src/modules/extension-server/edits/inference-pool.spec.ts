import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MetadataSchema } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import {
  decodePool,
  distinctPools,
  encodePool,
  parsePools,
  pickerAuthority,
  pickerClusterName,
  pickerFilterName,
  pickerHost,
  poolOf,
  type PoolReference,
} from './inference-pool.js';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const object = (annotations?: object, port?: unknown) => ({
  apiVersion: 'inference.networking.k8s.io/v1',
  kind: 'InferencePool',
  metadata: { namespace: 'ns', name: 'llama', ...(annotations ? { annotations } : {}) },
  spec: { endpointPickerRef: { name: 'epp', ...(port === undefined ? {} : { port: { number: port } }) } },
});
const encoded = (value: unknown) => parsePools([json(value)]).pools.map(encodePool);
const LLAMA: PoolReference = {
  namespace: 'ns',
  name: 'llama',
  pickerService: 'epp',
  pickerPort: 9002,
  bodyMode: 'duplex',
  modeOverride: 'false',
};

describe('parsePools', () => {
  it('finds nothing in nothing', () => {
    expect(parsePools([])).toEqual({ pools: [], problems: [] });
  });

  it('reads a pool with all defaults', () => {
    expect(parsePools([json(object())])).toEqual({ pools: [LLAMA], problems: [] });
  });

  it.each([
    ['a custom port', 9009, 9009],
    ['port 0, which stays', 0, 0],
    ['a port above 65535', 65_536, 9002],
    ['a negative port', -1, 9002],
    ['no port', undefined, 9002],
    ['a port that is no integer', 1.5, 9002],
  ])('takes %s as expected', (_case, port, expected) => {
    expect(encoded(object(undefined, port))).toEqual([`ns/llama/epp/${expected}/duplex/false`]);
  });

  it.each([
    [{ 'aigateway.envoyproxy.io/processing-body-mode': 'duplex' }, 'duplex/false'],
    [{ 'aigateway.envoyproxy.io/processing-body-mode': 'buffered' }, 'buffered/false'],
    [{ 'aigateway.envoyproxy.io/processing-body-mode': 'unknown' }, 'unknown/false'],
    [{ 'aigateway.envoyproxy.io/processing-body-mode': 'a/b' }, 'duplex/false'],
    [{ 'aigateway.envoyproxy.io/allow-mode-override': 'true' }, 'duplex/true'],
    [{ 'aigateway.envoyproxy.io/allow-mode-override': 'false' }, 'duplex/false'],
    [{ 'aigateway.envoyproxy.io/allow-mode-override': 'yes' }, 'duplex/yes'],
  ])('passes on annotations %j as they are', (annotations, expected) => {
    expect(encoded(object(annotations))).toEqual([`ns/llama/epp/9002/${expected}`]);
  });

  it.each([
    ['another version', { ...object(), apiVersion: 'inference.networking.x-k8s.io/v1alpha2' }],
    ['another kind', { ...object(), kind: 'InferenceObjective' }],
  ])('skips %s', (_case, value) => {
    expect(parsePools([json(value)])).toEqual({ pools: [], problems: [] });
  });

  it.each([
    ['text that is no JSON', Buffer.from('{'), 'no JSON object'],
    ['a list', json([]), 'no JSON object'],
    ['a pool without name', json({ ...object(), metadata: {} }), 'no name or namespace'],
    ['a pool without picker', json({ ...object(), spec: {} }), 'ns/llama: spec.endpointPickerRef.name is missing'],
    ['a picker that is no object', json({ ...object(), spec: { endpointPickerRef: 'epp' } }), 'name is missing'],
  ])('tells about %s and goes on', (_case, bytes, problem) => {
    const { pools, problems } = parsePools([bytes, json(object())]);
    expect(pools).toEqual([LLAMA]);
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });
});

describe('decodePool', () => {
  it('reads what encodePool writes', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
    fc.assert(
      fc.property(name, name, name, fc.nat(65_535), name, name, (namespace, pool, service, port, body, override) => {
        const reference: PoolReference = {
          namespace,
          name: pool,
          pickerService: service,
          pickerPort: port,
          bodyMode: body,
          modeOverride: override,
        };
        expect(decodePool(encodePool(reference))).toEqual(reference);
      }),
    );
  });

  it.each([
    '',
    'ns/llama/epp/9002/duplex',
    'ns/llama/epp/9002/duplex/false/more',
    'ns/llama/epp/x/duplex/false',
    'ns/llama/epp/-1/duplex/false',
    'ns/llama/epp/70000/duplex/false',
    'ns/llama/epp//duplex/false',
    '/llama/epp/9002/duplex/false',
    'ns/llama//9002/duplex/false',
  ])('refuses "%s"', (text) => {
    expect(decodePool(text)).toBeUndefined();
  });
});

describe('names of an endpoint picker', () => {
  it('follow service, pool and namespace', () => {
    expect([
      pickerHost(LLAMA),
      pickerAuthority(LLAMA),
      pickerAuthority({ ...LLAMA, pickerPort: 9009 }),
      pickerClusterName(LLAMA),
      pickerFilterName(LLAMA),
    ]).toEqual([
      'epp.ns.svc',
      'epp.ns.svc:9002',
      'epp.ns.svc:9009',
      'envoy.clusters.endpointpicker_llama_ns_ext_proc',
      'envoy.filters.http.ext_proc/endpointpicker/llama_ns_ext_proc',
    ]);
  });
});

describe('poolOf', () => {
  const metadata = (pool: string | number) =>
    create(MetadataSchema, { filterMetadata: { 'aigateway.envoy.io': { per_route_rule_inference_pool: pool } } });

  it('reads metadata of clusters and routes', () => {
    expect(poolOf(metadata('ns/llama/epp/9002/duplex/false'))).toEqual(LLAMA);
  });

  it.each([undefined, create(MetadataSchema), metadata(1), metadata('llama')])('is undefined for %j', (value) => {
    expect(poolOf(value)).toBeUndefined();
  });
});

describe('distinctPools', () => {
  it('keeps each pool once, in the same order whatever the order of routes', () => {
    const pools = ['b', 'a', 'c', 'a'].map((name) => ({ ...LLAMA, name }));
    fc.assert(
      fc.property(fc.shuffledSubarray(pools, { minLength: 4 }), (shuffled) => {
        expect(distinctPools(shuffled).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
      }),
    );
  });

  it('takes the same one of two with different settings', () => {
    const buffered = { ...LLAMA, bodyMode: 'buffered' };
    expect(distinctPools([LLAMA, buffered])).toEqual(distinctPools([buffered, LLAMA]));
  });
});
