import { describe, expect, it } from '@jest/globals';
import { startCell } from '../../../../../../test/harness/cell.js';

function betasFor(header: string | undefined, members: object = {}): unknown {
  const headers = header === undefined ? {} : { 'anthropic-beta': header };
  const body = JSON.stringify({ model: 'm', messages: [], ...members });
  const sent = startCell('messages', 'AWSAnthropic', { body, headers }).request.body!;
  return (JSON.parse(Buffer.from(sent).toString()) as Record<string, unknown>)['anthropic_beta'];
}

describe('the anthropic-beta header on Bedrock', () => {
  it.each([
    ['one', 'context-1m-2025-08-07', ['context-1m-2025-08-07']],
    [
      'several with spaces',
      ' pdfs-2024-09-25 ,  output-128k-2025-02-19',
      ['pdfs-2024-09-25', 'output-128k-2025-02-19'],
    ],
    ['an alias', 'advanced-tool-use-2025-11-20', ['tool-search-tool-2025-10-19']],
    [
      'an alias and its target',
      'advanced-tool-use-2025-11-20,tool-search-tool-2025-10-19',
      ['tool-search-tool-2025-10-19'],
    ],
    ['a doubled one', 'web-search-2025-03-05,web-search-2025-03-05', ['web-search-2025-03-05']],
    [
      'one that Bedrock takes among others',
      'prompt-caching-2024-07-31,mcp-client-2025-11-20',
      ['mcp-client-2025-11-20'],
    ],
    ['only unknown ones', 'files-api-2025-04-14,memory-2025-08-18', undefined],
    ['nothing', '', undefined],
    ['no header', undefined, undefined],
  ])('becomes a member of the body: %s', (_, header, betas) => {
    expect(betasFor(header)).toEqual(betas);
  });

  it.each([
    'prompt-caching-2024-07-31',
    'extended-cache-ttl-2025-04-11',
    'files-api-2025-04-14',
    'code-execution-2025-05-22',
    'memory-2025-08-18',
    'thinking-token-count-2026-05-13',
  ])('leaves out %s, which Bedrock refuses', (beta) => {
    expect(betasFor(beta)).toBeUndefined();
  });

  it.each([
    ['joins them', ['mine', 'pdfs-2024-09-25'], ['mine', 'pdfs-2024-09-25', 'context-1m-2025-08-07']],
    ['replaces what is no list', 'mine', ['context-1m-2025-08-07']],
  ])('%s when the body has betas', (_, own, betas) => {
    expect(betasFor('context-1m-2025-08-07', { anthropic_beta: own })).toEqual(betas);
  });
});
