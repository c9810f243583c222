import { describe, expect, it } from '@jest/globals';
import { responseHead, startCell } from '../../../../../../test/harness/cell.js';
import { UpstreamAnswerError } from '../../translator.js';

const MODEL = 'gemini-2.5-pro';
const start = (body: string | object, endpoint: 'chat-completions' | 'messages' = 'chat-completions') =>
  startCell(endpoint, 'GCPVertexAI', { body: typeof body === 'string' ? body : JSON.stringify(body) });
const sentText = (...call: Parameters<typeof start>) => Buffer.from(start(...call).request.body!).toString();
const contentsOf = (...messages: object[]) =>
  (JSON.parse(sentText({ model: MODEL, messages })) as { contents: unknown }).contents;
const assistantCalls = (args: string) => ({
  role: 'assistant',
  tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }],
});

describe('requests', () => {
  it.each(['', ' \n', 'null', '{}'])('G16: reads the tool arguments %p as {}', (args) => {
    expect(contentsOf(assistantCalls(args))).toMatchObject([{ parts: [{ functionCall: { name: 'f', args: {} } }] }]);
  });

  it('G36: hands the numbers of arguments, results and schemas on as they are written', () => {
    const text = sentText(
      `{"model":"${MODEL}","messages":[
        {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\\"a\\":12345678901234567890}"}}]},
        {"role":"tool","tool_call_id":"c","content":"{\\"b\\":1.50}"}],
        "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"multipleOf":1.0}}}}`,
    );
    expect(text).toContain('"args":{"a":12345678901234567890}');
    expect(text).toContain('"response":{"b":1.50}');
    expect(text).toContain('"responseJsonSchema":{"multipleOf":1.0}');
  });

  it('G36: hands the numbers of tool_use inputs and of JSON results in messages on as they are written', () => {
    const text = sentText(
      `{"model":"${MODEL}","max_tokens":1,"messages":[
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":12345678901234567890}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"{\\"b\\":1.50}"}]}]}`,
      'messages',
    );
    expect(text).toContain('"args":{"a":12345678901234567890}');
    expect(text).toContain('"response":{"b":1.50}');
  });

  it.each([
    ['{"a":1}', { a: 1 }],
    [' {"a":1} ', { a: 1 }],
    ['[1]', { output: '[1]' }],
    ['{broken', { output: '{broken' }],
    ['12', { output: '12' }],
    ['', { output: '' }],
  ])('G28: sends the tool result %p as %p', (content, response) => {
    expect(contentsOf(assistantCalls('{}'), { role: 'tool', tool_call_id: 'c', content })).toMatchObject([
      {},
      { role: 'user', parts: [{ functionResponse: { name: 'f', response } }] },
    ]);
  });

  it('G19: merges adjacent turns of one role and leaves no turn without parts', () => {
    expect(
      contentsOf(
        { role: 'user', content: [{ type: 'text', text: '' }] },
        { role: 'assistant', content: 'a' },
        { role: 'user', content: ' ' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
        { role: 'assistant', content: null },
        { role: 'user', content: 'd' },
      ),
    ).toEqual([
      { role: 'model', parts: [{ text: 'a' }, { text: 'b' }] },
      { role: 'user', parts: [{ text: 'c' }, { text: 'd' }] },
    ]);
  });

  it.each(['system', 'user', 'assistant'])('takes more parts of the %s than the stack could hold', (role) => {
    const content = Array.from({ length: 160_000 }, () => ({ type: 'text', text: 'a' }));
    const contents = contentsOf({ role, content }, { role: 'user', content: 'b' }) as { parts: object[] }[];
    const lengths = contents.map(({ parts }) => parts.length);
    expect(lengths).toEqual({ system: [1], user: [160_001], assistant: [160_000, 1] }[role]);
  });

  it('names the function of the last call when an id comes twice', () => {
    const call = (name: string) => ({ id: 'c', type: 'function', function: { name, arguments: '' } });
    expect(
      contentsOf(
        { role: 'assistant', tool_calls: [call('first')] },
        { role: 'tool', tool_call_id: 'c', content: '' },
        { role: 'assistant', tool_calls: [call('second')] },
        { role: 'tool', tool_call_id: 'c', content: '' },
      ),
    ).toMatchObject([
      {},
      { parts: [{ functionResponse: { name: 'first' } }] },
      {},
      { parts: [{ functionResponse: { name: 'second' } }] },
    ]);
  });

  it('G28: gives a picture the media type of its path when the address has a query', () => {
    const url = 'https://x.test/a.png?as=b.gif#c.webp';
    expect(contentsOf({ role: 'user', content: [{ type: 'image_url', image_url: { url } }] })).toMatchObject([
      { parts: [{ fileData: { mimeType: 'image/png', fileUri: url } }] },
    ]);
  });

  it.each([
    [
      'no base64',
      { type: 'input_audio', input_audio: { data: '?', format: 'wav' } },
      '"messages[0].content[0].input_audio.data" must be base64, found other text',
    ],
    [
      'no format',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'a/b' } },
      '"messages[0].content[0].input_audio.format" must be the name of an audio format such as "wav" or "mp3"',
    ],
    [
      'no file',
      { type: 'file', file: { file_data: '?' } },
      '"messages[0].content[0].file.file_data" must be base64, found other text',
    ],
    [
      'no data URI',
      { type: 'video_url', video_url: { url: 'data:x' } },
      '"messages[0].content[0].video_url.url" must be an address or a data URI (data:<type>;base64,<data>), found a broken one',
    ],
  ])('G14: refuses media that is %s with 422', (_, part, message) => {
    expect(() => contentsOf({ role: 'user', content: [part] })).toThrow(message);
  });

  it.each([
    ['', undefined],
    [['', 'a'], ['a']],
    [
      ['', 'a', 'b', 'c', 'd', 'e'],
      ['a', 'b', 'c', 'd', 'e'],
    ],
  ])('leaves empty stop sequences out of %j', (stop, stopSequences) => {
    const { request } = start({ model: MODEL, messages: [], stop });
    const { generationConfig } = JSON.parse(Buffer.from(request.body!).toString()) as { generationConfig: object };
    expect(generationConfig).toEqual(stopSequences === undefined ? {} : { stopSequences });
  });

  it('drops a thinking signature with the tag of another provider, so that a fallback does not fail', () => {
    const { request } = start({
      model: MODEL,
      messages: [{ role: 'assistant', content: 'a', thinking_blocks: [{ type: 'thinking', signature: 'other:AAAA' }] }],
    });
    expect(request.dropped).toEqual(['messages[0].thinking_blocks[0].signature']);
    expect(Buffer.from(request.body!).toString()).not.toContain('AAAA');
  });
});

describe('answers', () => {
  const wholeOf = (answer: unknown) => {
    const exchange = start({ model: MODEL, messages: [] });
    if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
    return exchange.whole(responseHead(200), Buffer.from(JSON.stringify(answer)));
  };

  it.each([
    [{}, '{}'],
    [null, '{}'],
    [undefined, '{}'],
    [{ a: { b: [1] } }, '{"a":{"b":[1]}}'],
  ])('G47: gives a call with args %p the arguments %s', (args, text) => {
    const { body } = wholeOf({ candidates: [{ content: { parts: [{ functionCall: { name: 'f', args } }] } }] });
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({
      choices: [
        { message: { tool_calls: [{ function: { name: 'f', arguments: text } }] }, finish_reason: 'tool_calls' },
      ],
    });
  });

  it.each([
    ['nil parts', { content: {} }],
    ['no content', {}],
    ['odd content', { content: { parts: [null, 1, { text: 1 }, { functionCall: 'x' }, { inlineData: [] }] } }],
  ])('reads a candidate with %s', (_, candidate) => {
    const { body } = wholeOf({ candidates: [candidate] });
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({
      choices: [{ message: { role: 'assistant', content: null }, finish_reason: 'stop' }],
    });
  });

  it('G14: tells of an image that is part of the thoughts as a thought, not as an answer', () => {
    const parts = [
      { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thought: true },
      { inlineData: { mimeType: 'image/png', data: 'BBBB' } },
    ];
    const { body } = wholeOf({ candidates: [{ content: { parts } }] });
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({
      choices: [
        {
          message: {
            reasoning_content: '[The model made image/png, which cannot be shown here.]',
            images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,BBBB' } }],
          },
        },
      ],
    });
  });

  it('refuses more candidates than any model makes', () => {
    const candidates = Array.from({ length: 65 }, (_, index) => ({ index }));
    expect(() => wholeOf({ candidates })).toThrow(UpstreamAnswerError);
    expect(() => wholeOf({ candidates })).toThrow('expected at most 64 candidates');
  });

  it('refuses more citations than any answer has', () => {
    const citations = Array.from({ length: 10_001 }, (_, index) => ({ uri: `https://a.test/${index}` }));
    expect(() => wholeOf({ candidates: [{ citationMetadata: { citations } }] })).toThrow(
      new UpstreamAnswerError('expected at most 10000 citations'),
    );
  });

  it.each([
    ['none', undefined, { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, totalTokens: 0, reasoningTokens: 0 }],
    [
      'no total',
      { promptTokenCount: 2, candidatesTokenCount: 3 },
      { inputTokens: 2, cachedInputTokens: 0, outputTokens: 3, totalTokens: 5, reasoningTokens: 0 },
    ],
    [
      'odd counters',
      { promptTokenCount: 'x', candidatesTokenCount: -1, totalTokenCount: 1.5 },
      { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, totalTokens: 0, reasoningTokens: 0 },
    ],
    [
      'tokens of tools',
      { promptTokenCount: 2, toolUsePromptTokenCount: 4, thoughtsTokenCount: 1, totalTokenCount: 7 },
      { inputTokens: 6, cachedInputTokens: 0, outputTokens: 1, totalTokens: 7, reasoningTokens: 1 },
    ],
  ])('G27: counts usage with %s', (_, usageMetadata, usage) => {
    expect(wholeOf({ candidates: [{}], usageMetadata }).usage).toEqual(usage);
  });
});
