import { describe, expect, it } from '@jest/globals';
import type { SchemaConfig } from '../../../shared/filter-config/filter-config.js';
import { passedPathWithQuery } from '../phases/forwarded-query.js';
import { realtime } from './realtime.js';

const pathAt = (schema: SchemaConfig, query: string, requestModel = 'their/model&x') => {
  const head = { headers: new Map<string, string>(), query: new URLSearchParams(query) };
  const call = { operation: 'realtime', requestModel, schema, ...head };
  return passedPathWithQuery(realtime.cells[schema.name]!(call).path, `/v1/realtime${query}`);
};

describe('the path of realtime (G33)', () => {
  it.each<[SchemaConfig, string, string]>([
    [{ name: 'OpenAI', prefix: 'v1' }, '?model=mine', '/v1/realtime?model=their%2Fmodel%26x'],
    [{ name: 'OpenAI' }, '?model=mine&MODEL=a&intent=b', '/realtime?model=their%2Fmodel%26x&intent=b'],
    [{ name: 'OpenAI', prefix: 'v1' }, '?api-key=k&call_id=c', '/v1/realtime?call_id=c'],
    [{ name: 'OpenAI', prefix: 'v1' }, '?model=mine&intent=transcription', '/v1/realtime?intent=transcription'],
    [
      { name: 'AzureOpenAI' },
      '?model=mine&intent=transcription',
      '/openai/realtime?api-version=2025-04-01-preview&intent=transcription',
    ],
    [
      { name: 'OpenAI', prefix: 'v1' },
      '?intent=transcription&intent=a',
      '/v1/realtime?model=their%2Fmodel%26x&intent=transcription&intent=a',
    ],
    [{ name: 'AzureOpenAI', prefix: 'openai/v1' }, '?intent=transcription', '/openai/v1/realtime?intent=transcription'],
    [
      { name: 'AzureOpenAI' },
      '?model=mine&deployment=a&Deployment=b&%64eployment=c&intent=d',
      '/openai/realtime?api-version=2025-04-01-preview&deployment=their%2Fmodel%26x&intent=d',
    ],
    [
      { name: 'AzureOpenAI', version: '2026-01-01' },
      '?model=mine&api-version=1',
      '/openai/realtime?api-version=2026-01-01&deployment=their%2Fmodel%26x',
    ],
    [
      { name: 'AzureOpenAI', prefix: 'openai/v1' },
      '?model=mine&intent=a&Deployment=theirs',
      '/openai/v1/realtime?model=their%2Fmodel%26x&intent=a',
    ],
    [
      { name: 'AzureOpenAI', prefix: '/openai/v1/', version: 'preview' },
      '?model=mine',
      '/openai/v1/realtime?api-version=preview&model=their%2Fmodel%26x',
    ],
  ])('at %j with %s is %s', (schema, query, path) => {
    expect(pathAt(schema, query)).toBe(path);
  });

  it('does not exist at other schemas', () => {
    expect(Object.keys(realtime.cells)).toEqual(['OpenAI', 'AzureOpenAI']);
  });
});
