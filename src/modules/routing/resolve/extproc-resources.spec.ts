import { describe, expect, it } from '@jest/globals';
import { resolveGatewayConfig } from './resolve-gateway.js';

type Quantities = Readonly<Record<string, string | number>>;

const told = (requests: Quantities, limits: Quantities): readonly string[] =>
  resolveGatewayConfig({
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'GatewayConfig',
    metadata: { name: 'c', namespace: 'default' },
    spec: { extProc: { kubernetes: { resources: { requests, limits } } } },
  }).faults.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

describe('resources of the processor', () => {
  it.each<[Quantities, Quantities]>([
    [{ cpu: '2' }, { cpu: '1' }],
    [{ cpu: '1.5' }, { cpu: '1400m' }],
    [{ memory: '1Gi' }, { memory: '1G' }],
    [{ memory: '1e9' }, { memory: '900M' }],
    [{ cpu: 2 }, { cpu: 1 }],
  ])('are a fault when %j is asked for with the limit %j', (requests, limits) => {
    const [[name, request] = []] = Object.entries(requests);
    expect(told(requests, limits)).toEqual([
      `error spec.extProc.kubernetes.resources.requests.${name}: ${request} is more than the limit ${Object.values(limits)[0]}, so that the API server refuses pods with the processor: lower it, or raise the limit`,
    ]);
  });

  it.each<[Quantities, Quantities]>([
    [{ cpu: '1' }, { cpu: '1000m' }],
    [{ cpu: '100m' }, { cpu: '1', memory: '1Mi' }],
    [{ memory: '64Mi' }, {}],
    [{}, { cpu: '0' }],
    [{ cpu: 'lots' }, { cpu: '1' }],
  ])('are none when %j is asked for with the limit %j', (requests, limits) => {
    expect(told(requests, limits)).toEqual([]);
  });
});
