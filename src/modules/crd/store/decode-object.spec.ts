import { describe, expect, it } from '@jest/globals';
import { kinds } from '../../../shared/api/kinds.js';
import { resourceOf } from '../../../shared/api/resources.js';
import { decodeObject } from './decode-object.js';

const resource = resourceOf(kinds.httpRoute);

describe('decodeObject', () => {
  it('names kind and version, and drops what nobody reads', () => {
    const raw = {
      metadata: {
        name: 'a',
        selfLink: '/x',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', mine: '1' },
        managedFields: [{ manager: 'kubectl', operation: 'Apply' }],
      },
      spec: { hostnames: [] },
    };
    const { object, managed, managedFields } = decodeObject(raw, resource);
    expect(object).toEqual({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'a', annotations: { mine: '1' } },
      spec: { hostnames: [] },
    });
    expect(managed).toBeUndefined();
    expect(managedFields).toEqual([{ manager: 'kubectl', operation: 'Apply' }]);
  });

  it('finds the labels and annotations that we applied', () => {
    const fieldsV1 = {
      'f:metadata': { 'f:labels': { 'f:a/b': {}, '.': {} }, 'f:annotations': { 'f:c': {} } },
      'f:spec': {},
    };
    const managedFields = [
      { manager: 'ai-gateway-controller', operation: 'Apply', subresource: 'status', fieldsV1: {} },
      { manager: 'ai-gateway-controller', operation: 'Update', fieldsV1: {} },
      { manager: 'ai-gateway-controller', operation: 'Apply', fieldsV1 },
    ];
    expect(decodeObject({ metadata: { name: 'a', managedFields } }, resource).managed).toEqual({
      labels: ['a/b'],
      annotations: ['c'],
    });
  });

  it.each([undefined, null, 'text', {}, { metadata: 'text' }, { metadata: null }])('refuses %j', (raw) => {
    expect(() => decodeObject(raw, resource)).toThrow('an object of kind HTTPRoute came without metadata');
  });
});
