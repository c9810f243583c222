import { describe, expect, it } from '@jest/globals';
import { Receipt } from '../../receipt.js';
import { readTokenizeRequest } from '../tokenize/tokenize-request.js';
import { countMembers, readCount } from './count-body.js';

function count(members: object) {
  const receipt = new Receipt();
  const counted = countMembers(readTokenizeRequest({ model: 'm', ...members }), receipt);
  return { counted, dropped: receipt.dropped };
}

const HI = { role: 'user', content: 'hi' };
const F = { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } };

describe('countMembers', () => {
  it('takes a completion for one user message', () => {
    expect(count({ prompt: 'a b' })).toEqual({
      counted: { messages: [{ role: 'user', content: [{ type: 'text', text: 'a b' }] }] },
      dropped: [],
    });
  });

  it('sends one system prompt as text and several as blocks', () => {
    const system = (content: unknown) => ({ role: 'system', content });
    expect(count({ messages: [system('a'), HI] }).counted['system']).toBe('a');
    expect(count({ messages: [system('a'), { role: 'developer', content: 'b' }, HI] }).counted['system']).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]);
    const marked = [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }];
    expect(count({ messages: [system(marked), HI] }).counted['system']).toEqual(marked);
    expect(count({ messages: [HI] }).counted).not.toHaveProperty('system');
  });

  it('G39: keeps the descriptions of tools, and tells which it leaves out', () => {
    const tools = [F, { type: 'function' }, { type: 'google_search' }, { type: 'function', function: { name: 'g' } }];
    const { counted, dropped } = count({ messages: [HI], tools });
    expect(counted['tools']).toEqual([
      { name: 'f', description: 'd', input_schema: { type: 'object' } },
      { name: 'g', description: '', input_schema: { type: 'object', properties: {} } },
    ]);
    expect(dropped).toEqual(['tools[1]', 'tools[2]']);
  });

  it('G39: joins the results of several tools', () => {
    const tool_calls = ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '' } }));
    const results = ['a', 'b'].map((tool_call_id) => ({ role: 'tool', tool_call_id, content: 'x' }));
    const { counted } = count({ messages: [HI, { role: 'assistant', tool_calls }, ...results] });
    expect(counted['messages']).toHaveLength(3);
    expect(counted['tools']).toEqual([{ name: 'f', input_schema: { type: 'object', properties: {} } }]);
  });

  it('tells what only other servers know', () => {
    const members = {
      messages: [HI],
      chat_template: 'x',
      return_token_strs: true,
      media_resolution: 'low',
      add_generation_prompt: true,
    };
    expect(count(members).dropped).toEqual(['chat_template', 'return_token_strs', 'media_resolution']);
  });

  it.each(['', ' \n'])('refuses the prompt %j', (prompt) => {
    expect(() => count({ prompt })).toThrow('cannot send "prompt" to Claude: found blank text, expected text to count');
  });

  it('refuses what Claude cannot read', () => {
    const audio = { type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } };
    expect(() => count({ messages: [{ role: 'user', content: [audio] }] })).toThrow(
      'cannot send "messages[0].content[0]" to Claude',
    );
  });
});

describe('readCount', () => {
  it.each([
    ['{"input_tokens":12,"x":1}', 12],
    ['{"input_tokens":0}', 0],
    ['{"input_tokens":3e1}', 30],
  ])('reads %s', (answer, expected) => {
    expect(readCount(Buffer.from(answer), 'input_tokens')).toBe(expected);
  });

  it.each(['{"inputTokens":12}', '{"input_tokens":-1}', '{"input_tokens":"1"}', '[]', '{"input', ''])(
    'refuses %s',
    (answer) => {
      expect(() => readCount(Buffer.from(answer), 'input_tokens')).toThrow(
        'the count of tokens must be a JSON object with the number "input_tokens"',
      );
    },
  );
});
