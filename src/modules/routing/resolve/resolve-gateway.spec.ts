import { describe, expect, it } from '@jest/globals';
import type { GatewayConfig } from '../../../shared/api/ai-gateway.js';
import { conditionsOf } from '../conditions/conditions.js';
import { resolveGatewayConfig } from './resolve-gateway.js';

const configOf = (address: string | undefined, bufferLimit?: string): GatewayConfig => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'GatewayConfig',
  metadata: {
    namespace: 'ns',
    name: 'config',
    ...(bufferLimit !== undefined && { annotations: { 'aigateway.envoyproxy.io/buffer-limit': bufferLimit } }),
  },
  spec: address === undefined ? {} : { forwardProxy: { address } },
});
const lastCondition = (config: GatewayConfig) =>
  [...conditionsOf([config], resolveGatewayConfig(config).faults).values()][0]?.at(-1);

describe('resolveGatewayConfig', () => {
  it.each([
    ['no proxy', undefined, undefined],
    ['a proxy with an IP', '10.0.0.1:3128', undefined],
    ['a proxy with an IPv6', '[fd00::1]:3128', undefined],
    ['a size', undefined, '50Mi'],
  ])('finds nothing wrong with %s', (_case, address, bufferLimit) => {
    expect(resolveGatewayConfig(configOf(address, bufferLimit)).faults).toEqual([]);
  });

  it.each(['proxy.test:3128', '10.0.0.1', '10.0.0.1:0'])('refuses proxy %s, which closes the backends', (address) => {
    const config = configOf(address);
    expect(resolveGatewayConfig(config).faults).toMatchObject([
      {
        object: 'aigateway.envoyproxy.io/GatewayConfig/ns/config',
        path: 'spec.forwardProxy.address',
        severity: 'error',
      },
    ]);
    expect(lastCondition(config)).toMatchObject({ type: 'NotAccepted', status: 'False' });
  });

  it('warns of a buffer limit that is none, and accepts the object', () => {
    const config = configOf(undefined, 'much');
    expect(lastCondition(config)).toMatchObject({ type: 'Accepted', status: 'True' });
    expect(lastCondition(config)?.message).toContain(
      'metadata.annotations[aigateway.envoyproxy.io/buffer-limit]: "much" is no size',
    );
  });

  it('warns of mounts for which the container of the processor has no place', () => {
    const mounts = ['/own', '/etc/filter-config-bundle', '/other', '/own'];
    const volumeMounts = mounts.map((mountPath) => ({ name: 'volume', mountPath }));
    const config = { ...configOf(undefined), spec: { extProc: { kubernetes: { volumeMounts } } } };
    expect(resolveGatewayConfig(config).faults.map(({ path }) => path)).toEqual([
      'spec.extProc.kubernetes.volumeMounts[1].mountPath',
      'spec.extProc.kubernetes.volumeMounts[3].mountPath',
    ]);
    expect(lastCondition(config)).toMatchObject({ type: 'Accepted', status: 'True' });
    expect(lastCondition(config)?.message).toContain(
      "/etc/filter-config-bundle has a volume of the processor's own already, and this one is left out: mount it elsewhere",
    );
  });
});
