import { describe, expect, it } from '@jest/globals';
import type { AIServiceBackend, VersionedAPISchema } from '../../../shared/api/ai-gateway.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { resolveServiceBackend } from './service-backend.js';

const BACKEND = {
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'Backend',
  metadata: { name: 'b', namespace: 'default' },
};

function told(schema: VersionedAPISchema): readonly string[] {
  const object: AIServiceBackend = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIServiceBackend',
    metadata: { name: 'b', namespace: 'default' },
    spec: { schema, backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'b' } },
  };
  const { faults } = resolveServiceBackend(snapshotOf([BACKEND]), object, []);
  return faults.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

describe('the schema of a backend', () => {
  it.each<[VersionedAPISchema, readonly string[]]>([
    [{ name: 'OpenAI', prefix: '/v1beta/openai' }, []],
    [{ name: 'AzureOpenAI', version: '2025-01-01-preview' }, []],
    [{ name: 'AzureOpenAI', prefix: '/openai/v1' }, []],
    [{ name: 'OpenAI', version: '' }, []],
    [
      { name: 'OpenAI', version: 'v1' },
      [
        'warning spec.schema.version: schema OpenAI has no version, and this one is left out: drop it; where the API begins at the provider is told by prefix',
      ],
    ],
    [
      { name: 'AWSBedrock', prefix: 'v1' },
      ['warning spec.schema.prefix: schema AWSBedrock has no prefix, and this one is left out: drop it'],
    ],
    [
      { name: 'Anthropic', prefix: 'v1?beta=true' },
      [
        'warning spec.schema.prefix: white space, ? or # is no part of a path: write it as it stands in the URL of the provider, such as v1',
      ],
    ],
  ])('tells of members that are left out: %j', (schema, expected) => {
    expect(told(schema)).toEqual(expected);
  });
});
