import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { configSecretNames, gatewayHash, volumeNames } from './names.js';
import { extProcServiceName } from './service.js';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const gatewayName = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) =>
  labels
    .join('.')
    .slice(0, 253)
    .replace(/[-.]+$/, ''),
);
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

describe('names of a Gateway', () => {
  it('are those of the reference', () => {
    expect(gatewayHash('default', 'gw')).toBe('3d45476e8d68');
    expect(configSecretNames.index('default', 'gw')).toBe('gw-default-3d45476e8d68');
    expect(configSecretNames.part('default', 'gw', 0)).toBe('gw-default-3d45476e8d68-part-000');
    expect(configSecretNames.legacy('default', 'gw')).toBe('gw-default');
    expect(volumeNames.legacy('default', 'gw')).toBe('ai-gateway-gw-default-3d45476e8d68');
    expect(volumeNames.bundle('default', 'gw')).toBe('ai-gateway-gw-default-3d45476e8d68-bundle');
  });

  it('are cut before the hash to what volumes may have', () => {
    const name = 'a'.repeat(80);
    expect(volumeNames.legacy('ns', name)).toBe(`ai-gateway-${'a'.repeat(39)}-${gatewayHash('ns', name)}`);
    expect(volumeNames.bundle('ns', name)).toBe(`ai-gateway-${'a'.repeat(32)}-${gatewayHash('ns', name)}-bundle`);
  });

  it('are legal and stay apart for any two Gateways', () => {
    fc.assert(
      fc.property(label, gatewayName, fc.nat(7), (namespace, name, part) => {
        const { index, part: partName } = configSecretNames;
        for (const secret of [index(namespace, name), partName(namespace, name, part)]) {
          expect(secret.length).toBeLessThanOrEqual(253);
          expect(secret).toMatch(SUBDOMAIN);
        }
        const volumes = [volumeNames.legacy(namespace, name), volumeNames.bundle(namespace, name)];
        for (const one of [...volumes, extProcServiceName(namespace, name)]) {
          expect(one.length).toBeLessThanOrEqual(63);
          expect(one).toMatch(LABEL);
        }
      }),
    );
    expect(configSecretNames.index('b-c', 'a')).not.toBe(configSecretNames.index('c', 'a-b'));
    expect(volumeNames.bundle('b', 'a.x')).not.toBe(volumeNames.bundle('b', 'a-x'));
    expect(extProcServiceName('b', 'a.x')).not.toBe(extProcServiceName('b', 'a-x'));
  });

  it('end on no dot before the hash when a cut lies behind one', () => {
    const name = `${'a'.repeat(239)}.b`;
    expect(configSecretNames.index('ns', name)).toBe(`${'a'.repeat(239)}-${gatewayHash('ns', name)}`);
  });
});
