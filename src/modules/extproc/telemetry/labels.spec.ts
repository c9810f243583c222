import { describe, expect, it } from '@jest/globals';
import { SCHEMA_NAMES } from '../../../shared/filter-config/filter-config.js';
import { parseHeaderAttributes } from '../../../shared/header-attributes.js';
import { mappedLabels } from './mapped-labels.js';
import { providerName } from './provider-name.js';

describe('providerName', () => {
  it.each([
    ['OpenAI', 'openai'],
    ['AzureOpenAI', 'azure.openai'],
    ['AWSBedrock', 'aws.bedrock'],
    ['AWSAnthropic', 'aws.anthropic'],
    ['GCPVertexAI', 'gcp.vertex_ai'],
    ['GCPAnthropic', 'gcp.anthropic'],
    ['Anthropic', 'anthropic'],
    ['Cohere', 'cohere'],
    ['Other', 'ns/b/route/r/rule/0/ref/0'],
    ['toString', 'ns/b/route/r/rule/0/ref/0'],
  ])('of schema %s is %s', (schema, expected) => {
    expect(providerName(schema, 'ns/b/route/r/rule/0/ref/0')).toBe(expected);
  });

  it('knows every schema', () => {
    expect(SCHEMA_NAMES.map((schema) => providerName(schema, ''))).not.toContain('');
  });
});

describe('mappedLabels', () => {
  const mapping = parseHeaderAttributes('x-tenant:tenant.id,x-team:team,x-squad:team');

  it('takes present headers, also empty ones, and skips absent ones', () => {
    expect(
      mappedLabels(
        mapping,
        new Map([
          ['x-tenant', ''],
          ['x-team', 'a'],
          ['x-other', 'b'],
        ]),
      ),
    ).toEqual({
      'tenant.id': '',
      team: 'a',
    });
  });

  it('lets the later header win when two share an attribute', () => {
    expect(
      mappedLabels(
        mapping,
        new Map([
          ['x-squad', 'b'],
          ['x-team', 'a'],
        ]),
      ),
    ).toEqual({ team: 'b' });
  });

  it('is empty without a mapping', () => {
    expect(mappedLabels(new Map(), new Map([['x-tenant', 'a']]))).toEqual({});
  });
});
