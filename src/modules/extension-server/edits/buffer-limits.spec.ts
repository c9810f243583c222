import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ListenerSchema } from '../../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { bufferLimitBytes, withBufferLimit } from './buffer-limits.js';

const gateway = (name: string): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { namespace: 'ns', name, annotations: { 'aigateway.envoyproxy.io/gateway-config': name } },
});
const config = (name: string, limit?: string): KubeObject => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'GatewayConfig',
  metadata: {
    namespace: 'ns',
    name,
    ...(limit === undefined ? {} : { annotations: { 'aigateway.envoyproxy.io/buffer-limit': limit } }),
  },
});
const keyOf = (name: string) => `gateway.networking.k8s.io/Gateway/ns/${name}`;
function limitOf(gateways: readonly string[], ...objects: KubeObject[]) {
  const faults: Fault[] = [];
  const bytes = bufferLimitBytes(gateways.map(keyOf), snapshotOf(objects), (fault) => void faults.push(fault));
  return { bytes, faults };
}

describe('bufferLimitBytes', () => {
  it.each([
    ['50Mi', 52_428_800],
    ['1.5k', 1_500],
    ['65536', 65_536],
    ['1G', 1_000_000_000],
  ])('reads %s', (text, expected) => {
    expect(limitOf(['a'], gateway('a'), config('a', text))).toEqual({ bytes: expected, faults: [] });
  });

  it('is the largest of all Gateways', () => {
    const objects = [gateway('a'), config('a', '1Mi'), gateway('b'), config('b', '2Mi'), gateway('c'), config('c')];
    expect(limitOf(['a', 'b', 'c'], ...objects).bytes).toBe(2_097_152);
  });

  it.each([
    ['the Gateway is missing', []],
    ['the GatewayConfig is missing', [gateway('a')]],
    ['the annotation is missing', [gateway('a'), config('a')]],
  ])('is undefined when %s', (_case, objects) => {
    expect(limitOf(['a'], ...objects)).toEqual({ bytes: undefined, faults: [] });
  });

  it.each(['', '0', '-1', 'many', '5Gi', '1Ti'])('refuses "%s" and tells', (text) => {
    const { bytes, faults } = limitOf(['a'], gateway('a'), config('a', text));
    expect(bytes).toBeUndefined();
    expect(faults).toMatchObject([
      { object: 'aigateway.envoyproxy.io/GatewayConfig/ns/a', reason: 'InvalidBufferLimit', severity: 'warning' },
    ]);
  });
});

describe('withBufferLimit', () => {
  const listener = (bytes?: number) =>
    create(ListenerSchema, bytes === undefined ? {} : { perConnectionBufferLimitBytes: bytes });

  it("takes the place of Envoy Gateway's default", () => {
    expect(withBufferLimit(listener(32_768), 100).perConnectionBufferLimitBytes).toBe(100);
  });

  it.each([
    ['a limit that a policy has set', listener(65_536), 100],
    ['no limit', listener(), 100],
    ['the default without a wish', listener(32_768), undefined],
  ])('leaves %s', (_case, before, limit) => {
    expect(withBufferLimit(before, limit)).toBe(before);
  });
});
