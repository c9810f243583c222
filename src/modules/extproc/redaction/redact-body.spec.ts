import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { redactBody, redactText } from './redact-body.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const placeholder = (text: string) =>
  `[REDACTED LENGTH=${Buffer.byteLength(text)} HASH=${createHash('sha256').update(text).digest('hex').slice(0, 16)}]`;

describe('redactText', () => {
  it('gives length in bytes and hash', () => {
    expect(redactText('hello')).toBe('[REDACTED LENGTH=5 HASH=2cf24dba5fb0a30e]');
    expect(redactText('größe')).toBe(placeholder('größe'));
  });

  it('is the same for text and its bytes', () => {
    expect(redactText(bytes('größe'))).toBe(redactText('größe'));
  });

  it('leaves empty text empty', () => {
    expect(redactText('')).toBe('');
    expect(redactText(new Uint8Array())).toBe('');
  });
});

describe('redactBody', () => {
  it('replaces strings but keeps keys, types, numbers, booleans and nesting', () => {
    const body = bytes(
      '{"model":"m","n":1,"stream":true,"stop":null,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"":""}',
    );
    expect(redactBody(body)).toEqual({
      model: placeholder('m'),
      n: 1,
      stream: true,
      stop: null,
      messages: [{ role: placeholder('user'), content: [{ type: 'text', text: placeholder('hi') }] }],
      '': '',
    });
  });

  it('redacts what hangs below a type that is no text', () => {
    expect(redactBody(bytes('{"type":["a"],"x":{"type":{"b":"c"}}}'))).toEqual({
      type: [placeholder('a')],
      x: { type: { b: placeholder('c') } },
    });
  });

  it('redacts a body that is no JSON as one text', () => {
    expect(redactBody(bytes('{"model":'))).toBe(placeholder('{"model":'));
  });

  it.each([
    [
      'messages of each role',
      { messages: ['system', 'developer', 'user', 'assistant', 'tool'].map((role) => ({ role, content: 'secret' })) },
    ],
    [
      'pictures',
      { messages: [{ content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,secret' } }] }] },
    ],
    ['audio', { messages: [{ content: [{ type: 'input_audio', input_audio: { data: 'secret', format: 'wav' } }] }] }],
    ['tool arguments', { messages: [{ tool_calls: [{ function: { name: 'f', arguments: '{"a":"secret"}' } }] }] }],
    ['a prediction', { prediction: { type: 'content', content: [{ type: 'text', text: 'secret' }] } }],
    ['the prompts of completions, one or many', { prompt: ['secret', 'secret'] }],
    ['the prompt of images', { prompt: 'secret', user: 'secret' }],
    ['what is spoken', { input: 'secret', instructions: 'secret' }],
    ['the input of embeddings', { input: [{ content: 'secret', title: 'secret' }] }],
    ['a question and its documents', { query: 'secret', documents: ['secret', { text: 'secret' }] }],
    ['input items that are unions', { input: [{ role: 'user', content: [{ type: 'input_text', text: 'secret' }] }] }],
    [
      'blocks of messages',
      { system: [{ type: 'text', text: 'secret' }], messages: [{ content: [{ source: 'secret' }] }] },
    ],
    [
      'an answer: content, calls, audio and reasoning',
      {
        choices: [
          {
            message: {
              content: 'secret',
              tool_calls: [{ function: { arguments: 'secret' } }],
              audio: { data: 'secret', transcript: 'secret' },
              reasoning_content: 'secret',
            },
          },
        ],
      },
    ],
    ['count_tokens', { messages: [{ role: 'user', content: 'secret' }], system: 'secret' }],
    ['input_tokens', { input: 'secret', instructions: 'secret' }],
    ['audio_url', { messages: [{ content: [{ type: 'audio_url', audio_url: { url: 'secret' } }] }] }],
    ['video_url', { messages: [{ content: [{ type: 'video_url', video_url: { url: 'secret' } }] }] }],
    [
      'refusal, name and thinking_blocks',
      { refusal: 'secret', name: 'secret', thinking_blocks: [{ signature: 'secret' }] },
    ],
    ['redactedContent', { content: [{ type: 'redacted_thinking', redactedContent: 'secret' }] }],
    [
      'file parts',
      { content: [{ type: 'file', file: { file_id: 'secret', filename: 'secret', file_data: 'secret' } }] },
    ],
    ['fields that nobody knows', { new_field: { text: ['secret'] } }],
    ['a type that is no word of an API', { content: [{ type: 'tool_use', input: { type: 'my secret' } }] }],
  ])('G46: shows nothing of %s', (_, body) => {
    expect(JSON.stringify(redactBody(Buffer.from(JSON.stringify(body))))).not.toContain('secret');
  });

  it('keeps the shape of tool definitions and schemas, and none of their words', () => {
    const parameters = { type: 'object', required: ['city'], properties: { city: { type: 'string', maxLength: 9 } } };
    const body = { tools: [{ type: 'function', function: { name: 'f', strict: true, parameters } }] };
    expect(redactBody(Buffer.from(JSON.stringify(body)))).toEqual({
      tools: [
        {
          type: 'function',
          function: {
            name: placeholder('f'),
            strict: true,
            parameters: { ...parameters, required: [placeholder('city')] },
          },
        },
      ],
    });
  });

  it('reads an answer without choices, and null', () => {
    expect(redactBody(bytes('{"choices":[],"usage":null}'))).toEqual({ choices: [], usage: null });
    expect(redactBody(bytes('null'))).toBeNull();
  });

  it('keeps a member named __proto__ a member', () => {
    expect(JSON.stringify(redactBody(bytes('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  });

  it('survives hostile nesting', () => {
    const text = '['.repeat(100_000) + '"secret"' + ']'.repeat(100_000);
    expect(JSON.stringify(redactBody(bytes(text)))).toBe(
      `${'['.repeat(200)}"[REDACTED: nested too deep]"${']'.repeat(200)}`,
    );
  });

  it('shows no string of any body and does not touch the bytes', () => {
    const secret = fc.stringMatching(/^SECRET[a-z]{4}$/);
    const tree = fc.object({
      values: [secret, fc.integer(), fc.boolean(), fc.constant(null)],
      key: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(tree, (value) => {
        const body = bytes(JSON.stringify(value));
        const copy = body.slice();
        expect(JSON.stringify(redactBody(body))).not.toContain('SECRET');
        expect(body).toEqual(copy);
      }),
    );
  });
});
