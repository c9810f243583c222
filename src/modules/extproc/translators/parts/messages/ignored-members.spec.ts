import { describe, expect, it } from '@jest/globals';
import { startCell } from '../../../../../../test/harness/cell.js';
import type { JsonObject } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import { dropIgnoredMembers } from './ignored-members.js';

function ignoredOf(members: JsonObject): readonly string[] {
  const receipt = new Receipt();
  dropIgnoredMembers({ model: 'm', max_tokens: 9, messages: [], ...members }, receipt);
  return receipt.dropped;
}

const said = (...content: JsonObject[]): JsonObject => ({ messages: [{ role: 'user', content }] });
const TEXT = { type: 'text', text: 't', cache_control: { type: 'ephemeral' } };
const CITATION = { type: 'char_location', cited_text: 'x' };

describe('the members of a Messages request that its reader knows no meaning for', () => {
  it.each<[string, JsonObject, string[]]>([
    [
      'tools',
      {
        tools: [
          {
            name: 'f',
            type: 'custom',
            description: 'd',
            input_schema: {},
            strict: true,
            input_examples: [{}],
            defer_loading: true,
          },
        ],
      },
      ['tools[0].input_examples', 'tools[0].defer_loading'],
    ],
    [
      'metadata and output_config',
      { metadata: { user_id: 'u', x: 1 }, output_config: { effort: 'low', format: {}, task_budget: {} } },
      ['metadata.x', 'output_config.task_budget'],
    ],
    ['text', said(TEXT, { ...TEXT, citations: [CITATION] }), ['messages[0].content[1].citations']],
    ['system', { system: [{ ...TEXT, citations: [CITATION] }] }, ['system[0].citations']],
    [
      'a document',
      said({ type: 'document', source: {}, title: 't', context: 'c', citations: { enabled: true } }),
      ['messages[0].content[0].citations'],
    ],
    [
      'a call',
      said({ type: 'tool_use', id: 'i', name: 'f', input: {}, caller: { type: 'code_execution_20250825' } }),
      ['messages[0].content[0].caller'],
    ],
    [
      'the content of a result',
      said({ type: 'tool_result', tool_use_id: 'i', content: [{ ...TEXT, x: 1 }], is_error: true }),
      ['messages[0].content[0].content[0].x'],
    ],
    ['a message', { messages: [{ role: 'user', content: 'a', name: 'n' }] }, ['messages[0].name']],
  ])('are told of %s', (_, members, paths) => {
    expect(ignoredOf(members)).toEqual(paths);
  });

  it.each<[string, JsonObject]>([
    [
      'members that are null or off',
      { tools: [{ name: 'f', defer_loading: false, input_examples: null }], metadata: { x: null } },
    ],
    [
      'citations that are off or empty',
      said({ type: 'document', source: {}, citations: { enabled: false } }, { ...TEXT, citations: [] }),
    ],
    [
      'a call that the model made by itself',
      said({ type: 'tool_use', id: 'i', name: 'f', input: {}, caller: { type: 'direct' } }),
    ],
    [
      'what is dropped as a whole',
      { ...said({ type: 'server_tool_use', x: 1 }), tools: [{ type: 'web_search_20250305', max_uses: 3 }] },
    ],
    ['strings', { system: 's', messages: [{ role: 'user', content: 'a' }] }],
    [
      'what is not of its shape',
      { tools: 7, system: {}, messages: [7, { content: [7] }], metadata: 'x', output_config: [] },
    ],
  ])('are not told of %s', (_, members) => {
    expect(ignoredOf(members)).toEqual([]);
  });
});

it.each(['OpenAI', 'AzureOpenAI', 'AWSBedrock', 'GCPVertexAI'] as const)(
  'members that nobody reads are in the receipt of messages → %s, and not sent',
  (schema) => {
    const body = {
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', novelty: 'lost-1' }], note: 'lost-2' }],
      tools: [{ name: 'f', input_schema: { type: 'object' }, defer_loading: 'lost-3' }],
    };
    const { request } = startCell('messages', schema, { body: JSON.stringify(body) });
    expect(request.dropped).toEqual(
      expect.arrayContaining(['messages[0].content[0].novelty', 'messages[0].note', 'tools[0].defer_loading']),
    );
    expect(Buffer.from(request.body!).toString()).not.toContain('lost-');
  },
);
