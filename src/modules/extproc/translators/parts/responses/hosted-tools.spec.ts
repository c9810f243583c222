import { describe, expect, it } from '@jest/globals';
import { fixedEnv, startCell } from '../../../../../../test/harness/cell.js';

const BODY = JSON.stringify({
  model: 'claude-sonnet-4-5',
  input: 'hi',
  tools: [
    { type: 'web_search' },
    { type: 'function', name: 'f', parameters: { type: 'object' } },
    { type: 'file_search', vector_store_ids: ['vs_1'] },
  ],
});

describe('tools that only OpenAI runs', () => {
  it('are refused by default', () => {
    expect(() => startCell('responses', 'Anthropic', { body: BODY })).toThrow(
      '"tools[0].type" cannot be used with this backend: a tool of the type "web_search" is run by OpenAI only.',
    );
  });

  it('are left out and told when the operator wants that', () => {
    const { request } = startCell('responses', 'Anthropic', { body: BODY }, fixedEnv({ dropsHostedTools: true }));
    expect(request.dropped).toEqual(expect.arrayContaining(['tools[0]', 'tools[2]']));
    const sent = JSON.parse(Buffer.from(request.body!).toString()) as { tools: { name: string }[] };
    expect(sent.tools.map(({ name }) => name)).toEqual(['f']);
  });
});
