import { describe, expect, it } from '@jest/globals';
import { minimalCall, startCell } from '../../../../test/harness/cell.js';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import { passedPathWithQuery, pathWithQuery } from './forwarded-query.js';

const pathFor = (schema: SchemaName, query: string) => {
  const exchange = startCell('messages', schema, { ...minimalCall('messages'), prefix: 'v1' });
  return pathWithQuery(exchange, schema, `/anthropic/v1/messages${query}`);
};

describe('G41: the query of a client', () => {
  it.each([
    ['', '/v1/messages'],
    ['?', '/v1/messages'],
    ['?beta=true', '/v1/messages?beta=true'],
    ['?beta=true&&trace=a%20b', '/v1/messages?beta=true&trace=a%20b'],
    ['?include[]=a', '/v1/messages?include[]=a'],
    ['?key=AIza&beta=true', '/v1/messages?beta=true'],
    ['?api_key=k', '/v1/messages'],
    ['?%61pi_key=k', '/v1/messages'],
    ['?access_token=t&X-Amz-Signature=s&sig=x', '/v1/messages'],
    ['?client_secret=a&session_token=b', '/v1/messages'],
    ['?api-version=1', '/v1/messages'],
    ['?%zz=1', '/v1/messages'],
    ['?a=b#c', '/v1/messages'],
    [`?a=${'x'.repeat(3000)}`, '/v1/messages'],
  ])('%s goes to a provider of the same dialect as %s', (query, path) => {
    expect(pathFor('Anthropic', query)).toBe(path);
  });

  it.each(['OpenAI', 'AWSBedrock', 'GCPAnthropic', 'AzureOpenAI'] as const)(
    'does not go to a provider of schema %s, which knows none of it',
    (schema) => {
      expect(pathFor(schema, '?beta=true')).not.toContain('beta');
    },
  );
});

describe('G33: the query of a request for what a provider keeps', () => {
  it.each([
    ['/p', '/v1/files?model=m', '/p'],
    ['/p', '/v1/files?limit=2&model=m&after=x', '/p?limit=2&after=x'],
    ['/p?api-version=1', '/v1/files?limit=2&api-version=0', '/p?api-version=1&limit=2'],
    ['/p', '/v1/files?mod%65l=m&models=n', '/p?models=n'],
    ['/p', '/v1/files?key=k&model', '/p'],
  ])('has %s and %s become %s', (path, clientPath, expected) => {
    expect(passedPathWithQuery(path, clientPath)).toBe(expected);
  });
});
