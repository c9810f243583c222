import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../codec/json-value.js';
import { MalformedRequestError } from '../../../request-error.js';
import { encodeTokenizeAnswer } from './tokenize-answer.js';
import { readTokenizeRequest } from './tokenize-request.js';

describe('readTokenizeRequest', () => {
  it.each<[JsonObject, string]>([
    [{ model: 'm', prompt: 'a' }, 'a'],
    [{ model: 'm', prompt: '' }, ''],
    [{ model: 'm', prompt: null }, ''],
    [{ model: 'm' }, ''],
  ])('reads the completion %j', (document, prompt) => {
    expect(readTokenizeRequest(document)).toEqual({ kind: 'completion', prompt, dropped: [] });
  });

  it('reads a chat with its tools', () => {
    const document = {
      model: 'm',
      messages: [{ role: 'developer', content: 'a' }],
      tools: [{ type: 'function', function: { name: 'f', description: 'd' } }],
      media_resolution: 'high',
    };
    expect(readTokenizeRequest(document)).toMatchObject({
      kind: 'chat',
      mediaResolution: 'high',
      chat: { messages: [{ role: 'developer' }], tools: [{ function: { name: 'f', description: 'd' } }] },
      dropped: [],
    });
  });

  it('reads messages of null as a chat without any', () => {
    expect(readTokenizeRequest({ model: 'm', messages: null })).toMatchObject({ kind: 'chat', chat: { messages: [] } });
  });

  it('G39: does not change the shared request', () => {
    const document = { model: 'm', messages: null };
    readTokenizeRequest(document);
    expect(document).toEqual({ model: 'm', messages: null });
  });

  it('tells what only vLLM knows, unless it is the default', () => {
    const set = { add_special_tokens: true, return_token_strs: true, chat_template: 't', mm_processor_kwargs: {} };
    expect(readTokenizeRequest({ messages: [], ...set, add_generation_prompt: false }).dropped).toEqual([
      'add_special_tokens',
      'return_token_strs',
      'chat_template',
      'mm_processor_kwargs',
      'add_generation_prompt',
    ]);
    const plain = { return_token_strs: false, continue_final_message: false, chat_template: null };
    expect(readTokenizeRequest({ messages: [], ...plain, add_special_tokens: false }).dropped).toEqual([]);
    expect(readTokenizeRequest({ prompt: 'a', add_special_tokens: true }).dropped).toEqual([]);
    expect(readTokenizeRequest({ prompt: 'a', add_special_tokens: false }).dropped).toEqual(['add_special_tokens']);
    expect(readTokenizeRequest({ messages: [{ role: 'user', content: 'a', x: 1 }] }).dropped).toEqual([
      'messages[0].x',
    ]);
  });

  it.each<[JsonObject, string]>([
    [{ prompt: 1 }, '"prompt" must be a string, found a number'],
    [{ prompt: ['a'] }, '"prompt" must be a string, found an array'],
    [{ messages: 'a' }, '"messages" must be an array, found a string'],
    [{ messages: [], media_resolution: 1 }, '"media_resolution" must be a string, found a number'],
  ])('refuses %j', (document, text) => {
    expect(() => readTokenizeRequest(document)).toThrow(new MalformedRequestError(`malformed request: ${text}`));
  });
});

describe('encodeTokenizeAnswer', () => {
  it('G39: tells the count and no more, and meters it as input', () => {
    const { body, ...rest } = encodeTokenizeAnswer(7);
    expect(Buffer.from(body!).toString()).toBe('{"count":7}');
    expect(rest).toEqual({ sets: [{ name: 'content-type', value: 'application/json' }], usage: { inputTokens: 7 } });
  });
});
