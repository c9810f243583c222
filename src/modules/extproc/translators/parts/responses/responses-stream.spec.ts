import { describe, expect, it } from '@jest/globals';
import { playStream, responseHead, startCell } from '../../../../../../test/harness/cell.js';
import {
  DONE,
  ENCRYPTED,
  START,
  WORKED,
  args,
  call,
  choice,
  eventsIn,
  finalOf,
  finish,
  play,
  playEvents,
  reasoning,
  signature,
  startResponse,
  text,
  typesOf,
  type Json,
} from '../../../../../../test/harness/responses-answer.js';
import { scriptedStream } from '../../../../../../test/harness/scripted-chat-backend.js';
import { OUTPUT_CHARACTERS_MAX } from './response-builder.js';
import { openThinking } from './thinking-envelope.js';

describe('the stream of a converted response', () => {
  it('18.3.8: has the order of the worked example', () => {
    expect(typesOf(playEvents(WORKED))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'completed',
    ]);
  });

  it('gives the final response with the items as they were told, model, tier and usage', () => {
    const events = playEvents(WORKED, ENCRYPTED);
    const items = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
    const final = finalOf(events);
    expect(final).toMatchObject({
      status: 'completed',
      model: 'm-1',
      service_tier: 'priority',
      completed_at: 1_700_000_000,
      usage: {
        input_tokens: 9,
        input_tokens_details: { cached_tokens: 4, cache_creation_input_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 3 },
        total_tokens: 14,
      },
    });
    expect(final.output).toEqual(items);
    expect(final.output.map(({ type, status }) => [type, status])).toEqual([
      ['reasoning', 'completed'],
      ['message', 'completed'],
      ['function_call', 'completed'],
    ]);
    const [thinking] = final.output;
    expect(openThinking('anthropic', thinking!['encrypted_content'] as string)).toEqual([
      { type: 'thinking', thinking: 'Let me think.', signature: 's1' },
    ]);
    expect(openThinking('gemini', thinking!['encrypted_content'] as string)).toEqual([]);
  });

  it('is in progress, without output and usage, at the start', () => {
    const [created, inProgress] = playEvents(WORKED) as [Json, Json];
    expect(created['response']).toMatchObject({ status: 'in_progress', output: [], usage: null, completed_at: null });
    expect(inProgress['response']).toEqual(created['response']);
  });

  it('gives encrypted content only when it is asked for', () => {
    expect(finalOf(playEvents(WORKED)).output[0]).not.toHaveProperty('encrypted_content');
  });

  it('keeps calls that interleave apart, one open at a time', () => {
    const events = playEvents([
      call(0, 'a'),
      call(1, 'b'),
      args(1, '{"y":'),
      args(0, '{"x":'),
      args(0, '1}'),
      args(1, '2}'),
      finish('tool_calls'),
      DONE,
    ]);
    expect(typesOf(events).slice(2, -1)).toEqual([
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
    ]);
    expect(finalOf(events).output).toMatchObject([
      { call_id: 'call-0', name: 'a', arguments: '{"x":1}' },
      { call_id: 'call-1', name: 'b', arguments: '{"y":2}' },
    ]);
  });

  it('streams a call that follows a whole one at once', () => {
    const stream = startResponse().stream(responseHead(200));
    const before = eventsIn(
      Buffer.from(stream.push(scriptedStream([call(0, 'a', '{"x":1}'), call(1, 'b')]))).toString(),
    );
    const out = Buffer.from(stream.push(scriptedStream([args(1, '{')]))).toString();
    expect(typesOf(eventsIn(out, before.length))).toEqual(['function_call_arguments.delta']);
  });

  it('gives a custom tool its input as one delta', () => {
    const request = { tools: [{ type: 'custom', name: 'shell' }] };
    const events = playEvents(
      [call(0, 'shell', '{"input":'), args(0, '"ls -l"}'), finish('tool_calls'), DONE],
      request,
    );
    expect(typesOf(events).slice(2, -1)).toEqual([
      'output_item.added',
      'custom_tool_call_input.delta',
      'custom_tool_call_input.done',
      'output_item.done',
    ]);
    expect(finalOf(events).output).toMatchObject([
      { type: 'custom_tool_call', call_id: 'call-0', name: 'shell', input: 'ls -l', status: 'completed' },
    ]);
  });

  it('gives a custom tool what the model wrote when that is no input', () => {
    const request = { tools: [{ type: 'custom', name: 'shell' }] };
    const events = playEvents([call(0, 'shell', '{"cmd":"ls"}'), finish('tool_calls'), DONE], request);
    expect(finalOf(events).output).toMatchObject([{ input: '{"cmd":"ls"}' }]);
  });

  it('G47: gives a call without arguments an empty object', () => {
    const events = playEvents([call(0, 'now'), finish('tool_calls'), DONE]);
    expect(finalOf(events).output).toMatchObject([{ arguments: '{}' }]);
  });

  it('puts a refusal, citations and logprobs into the message', () => {
    const citation = { start_index: 0, end_index: 2, title: 't', url: 'https://a.test' };
    const events = playEvents([
      text('Hi'),
      { kind: 'annotations', choice, annotations: [{ type: 'url_citation', url_citation: citation }] },
      { kind: 'logprobs', choice, logprobs: { content: [{ token: 'Hi', logprob: -1, bytes: [], top_logprobs: [] }] } },
      { kind: 'refusal', choice, text: 'No.' },
      finish('content_filter'),
      DONE,
    ]);
    expect(typesOf(events)).toContain('output_text.annotation.added');
    expect(finalOf(events)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      output: [
        {
          status: 'incomplete',
          content: [
            {
              type: 'output_text',
              text: 'Hi',
              annotations: [{ type: 'url_citation', ...citation }],
              logprobs: [{ token: 'Hi', logprob: -1, bytes: [], top_logprobs: [] }],
            },
            { type: 'refusal', refusal: 'No.' },
          ],
        },
      ],
    });
  });

  it('gives images as image generation calls', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } };
    const events = playEvents([{ kind: 'images', choice, images: [image] }, finish('stop'), DONE]);
    expect(finalOf(events).output).toMatchObject([
      { type: 'image_generation_call', status: 'completed', result: 'QUJD' },
    ]);
  });

  it('G48: keeps a signature that comes behind the text, in a reasoning item of its own', () => {
    const events = playEvents([reasoning('why'), text('Hi'), signature('late'), finish('stop'), DONE], ENCRYPTED);
    const { output } = finalOf(events);
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'reasoning']);
    expect(openThinking('anthropic', output[2]!['encrypted_content'] as string)).toEqual([
      { type: 'thinking', signature: 'late' },
    ]);
  });

  it.each([
    ['stop', { status: 'completed', error: null, incomplete_details: null }],
    ['tool_calls', { status: 'completed' }],
    ['length', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }],
    ['content_filter', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
    ['recitation', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
    ['language', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
    ['malformed_function_call', { status: 'failed', error: { code: 'server_error' } }],
    ['unexpected_tool_call', { status: 'failed', error: { code: 'server_error' } }],
    ['no_image', { status: 'failed', error: { code: 'server_error' } }],
    ['error', { status: 'failed', error: { code: 'server_error' }, completed_at: null }],
  ] as const)('18.3.7: ends with finish reason %s as the table says', (reason, expected) => {
    const events = playEvents([START, text('Hi'), finish(reason), DONE]);
    expect(finalOf(events)).toMatchObject(expected);
    expect(events.at(-1)!['type']).toBe(`response.${expected.status}`);
    const [item] = finalOf(events).output;
    expect(item!['status']).toBe(expected.status === 'completed' ? 'completed' : 'incomplete');
  });

  it('G7: closes the open item and fails when the provider fails', () => {
    const error = { type: 'overloaded_error', message: 'busy', status: 529 };
    const events = playEvents([START, text('Hi'), { kind: 'error', error }, text('lost'), DONE]);
    expect(typesOf(events).slice(-4)).toEqual(['content_part.done', 'output_item.done', 'error', 'failed']);
    expect(events.at(-2)).toMatchObject({
      code: 'server_error',
      message: 'busy',
      param: null,
      error: { type: 'overloaded_error', code: 'server_error', message: 'busy', param: null },
    });
    expect(finalOf(events)).toMatchObject({
      status: 'failed',
      error: { code: 'server_error', message: 'busy' },
      output: [{ status: 'incomplete', content: [{ text: 'Hi' }] }],
    });
  });

  it.each([
    ['fails', 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'],
    ['goes away', ''],
  ])('tells the usage that is known when the provider %s', (_, end) => {
    const usage = { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 };
    const start = { type: 'message_start', message: { id: 'm', role: 'assistant', content: [], usage } };
    const exchange = startCell('responses', 'Anthropic', { body: '{"model":"m","input":"hi","stream":true}' });
    const { text: out } = playStream(exchange, [Buffer.from(`data: ${JSON.stringify(start)}\n\n${end}`)]);
    expect(finalOf(eventsIn(out))).toMatchObject({
      status: 'failed',
      usage: { input_tokens: 15, input_tokens_details: { cached_tokens: 5 }, output_tokens: 1, total_tokens: 16 },
    });
  });

  it('names the rate limit when that is what failed', () => {
    const error = { type: 'throttlingException', message: 'slow down', status: 429 };
    expect(finalOf(playEvents([{ kind: 'error', error }]))).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });

  it.each([
    ['ends without a finish reason', [START, text('Hi')]],
    ['ends in the middle of a call', [START, call(0, 'a', '{"x":')]],
    ['says nothing at all', []],
  ])('fails when the provider %s', (_, events) => {
    const played = playEvents(events);
    expect(finalOf(played)).toMatchObject({ status: 'failed', error: { code: 'server_error' } });
    expect(finalOf(played).output.map(({ status }) => status)).toEqual(events.length > 1 ? ['incomplete'] : []);
  });

  it('fails when the answer is longer than its bound', () => {
    const events = [text('x'.repeat(OUTPUT_CHARACTERS_MAX)), text('y'), finish('stop'), DONE];
    expect(finalOf(playEvents(events))['error']).toEqual({
      code: 'server_error',
      message: 'The answer of the provider has more than 16777216 characters, the bound of the gateway.',
    });
  });

  it('G45: keeps the connection alive with comments, but not behind the end', () => {
    const { text: out } = play([
      { kind: 'keep-alive' },
      START,
      text('Hi'),
      finish('stop'),
      DONE,
      { kind: 'keep-alive' },
    ]);
    expect(out.startsWith(': keep-alive\n\nevent: response.created')).toBe(true);
    expect(out.endsWith('}\n\n')).toBe(true);
  });

  it('says nothing of choices behind the first', () => {
    const events = playEvents([text('Hi'), { kind: 'text', choice: 1, text: 'other' }, finish('stop'), DONE]);
    expect(finalOf(events).output).toHaveLength(1);
  });
});
