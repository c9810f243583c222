import { describe, expect, it } from '@jest/globals';
import {
  answer,
  dataOf,
  delta,
  deltasOf,
  exchangeOf,
  HEAD,
  METADATA,
  play,
  START,
  STOP,
  wholeAnswer,
} from '../../../../../../test/harness/converse.js';
import { eventStream, type Frame } from '../../../../../../test/harness/cell.js';
import { UpstreamAnswerError } from '../../translator.js';

describe('whole answers', () => {
  it.each([
    ['end_turn', 'stop', 'end_turn'],
    ['stop_sequence', 'stop', 'stop_sequence'],
    ['max_tokens', 'length', 'max_tokens'],
    ['tool_use', 'tool_calls', 'tool_use'],
    ['content_filtered', 'content_filter', 'end_turn'],
    ['guardrail_intervened', 'content_filter', 'end_turn'],
    ['malformed_model_output', 'stop', 'end_turn'],
    ['malformed_tool_use', 'stop', 'end_turn'],
    ['model_context_window_exceeded', 'length', 'model_context_window_exceeded'],
    ['nobody_knows', 'stop', 'end_turn'],
    [null, 'stop', 'end_turn'],
  ])('G6, G29: end with stopReason %s as %s and as %s', (stopReason, finishReason, anthropicReason) => {
    const given = answer([{ text: 'a' }], stopReason);
    expect(JSON.parse(wholeAnswer('chat-completions', given))).toMatchObject({
      choices: [{ finish_reason: finishReason }],
    });
    expect(JSON.parse(wholeAnswer('messages', given))).toMatchObject({ stop_reason: anthropicReason });
  });

  it('G36: hand the numbers of tool inputs through as they are written', () => {
    const input = '{"big":12345678901234567890,"float":1.0,"exponent":1e3}';
    const text = JSON.stringify(answer([{ toolUse: { toolUseId: 't', name: 'f', input: 'INPUT' } }], 'tool_use'));
    const given = text.replace('"INPUT"', input);
    const chat = JSON.parse(wholeAnswer('chat-completions', given)) as {
      choices: [{ message: { tool_calls: [{ function: { arguments: string } }] } }];
    };
    expect(chat.choices[0].message.tool_calls[0].function.arguments).toBe(input);
    expect(wholeAnswer('messages', given)).toContain(`"input":${input}`);
  });

  it.each([[null], [undefined], ['text'], [[1]]])(
    'G47: give a tool call with the input %j an empty object',
    (input) => {
      const given = answer([{ toolUse: { toolUseId: 't', name: 'f', input } }], 'tool_use');
      expect(wholeAnswer('chat-completions', given)).toContain('"arguments":"{}"');
      expect(wholeAnswer('messages', given)).toContain('"input":{}');
    },
  );

  it.each(['', '<html>', '[]', '{"output":{}}', '{"output":{"message":[]}}', '{"output":'])(
    'are refused when %j',
    (body) => {
      for (const endpoint of ['chat-completions', 'messages'] as const) {
        expect(() => wholeAnswer(endpoint, body)).toThrow(
          new UpstreamAnswerError('the answer of AWSBedrock has no object "output.message": expected one of Converse'),
        );
      }
    },
  );

  it('have no usage when the provider tells none', () => {
    const exchange = exchangeOf('chat-completions', false);
    const { usage } = exchange.whole(HEAD, Buffer.from(JSON.stringify({ ...answer([{ text: 'a' }]), usage: null })));
    expect(usage).toBeUndefined();
  });
});

describe('streamed answers', () => {
  it('G15: end with a whole done event', () => {
    const { text } = play('chat-completions', [eventStream([START, delta(0, { text: 'a' }), STOP, METADATA])]);
    expect(text.endsWith('}\n\ndata: [DONE]\n\n')).toBe(true);
  });

  it('are complete before the end of the bytes', () => {
    for (const endpoint of ['chat-completions', 'messages'] as const) {
      const stream = exchangeOf(endpoint, true).stream(HEAD);
      const pushed = Buffer.from(stream.push(eventStream([START, delta(0, { text: 'a' }), STOP, METADATA]))).toString();
      expect(pushed).toMatch(/data: \[DONE\]\n\n$|"message_stop"\}\n\n$/);
      expect(stream.isUsageFinal).toBe(true);
      expect(stream.end()).toHaveLength(0);
    }
  });

  it('G38: continue a tool call without id and name', () => {
    const start: Frame = {
      type: 'contentBlockStart',
      payload: { contentBlockIndex: 0, start: { toolUse: { toolUseId: 't', name: 'f' } } },
    };
    const frames = [START, start, delta(0, { toolUse: { input: '{"a":1}' } }), STOP, METADATA];
    const calls = deltasOf(play('chat-completions', [eventStream(frames)]).text).flatMap(
      (part) => part['tool_calls'] ?? [],
    );
    expect(calls).toEqual([
      { index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"a":1}' } },
    ]);
  });

  it('G7: tell a wrong checksum as an error', () => {
    const bytes = eventStream([START, delta(0, { text: 'a' }), STOP, METADATA]);
    bytes[bytes.length - 1]! ^= 1;
    for (const endpoint of ['chat-completions', 'messages'] as const) {
      const { text, hasError } = play(endpoint, [bytes]);
      expect(text).toContain('AWS event stream message does not match its CRC-32');
      expect(hasError).toBe(true);
    }
  });

  it('G7: keep the usage that came before a failure', () => {
    const failure: Frame = { type: 'internalServerException', payload: { message: 'oops' }, exception: true };
    const { facts } = play('chat-completions', [eventStream([START, METADATA, failure])]);
    expect(facts.usage).toMatchObject({ inputTokens: 8, outputTokens: 4 });
  });

  it.each([
    ['internalServerException', 500, 'api_error'],
    ['modelStreamErrorException', 424, 'api_error'],
    ['serviceUnavailableException', 503, 'overloaded_error'],
    ['throttlingException', 429, 'rate_limit_error'],
    ['validationException', 400, 'invalid_request_error'],
  ])('G7: tell %s as %i and as %s', (type, status, anthropicType) => {
    const bytes = eventStream([START, { type, payload: { message: 'went wrong' }, exception: true }]);
    expect(dataOf(play('chat-completions', [bytes]).text).at(-1)).toMatchObject({
      error: { type, code: String(status), message: 'went wrong' },
    });
    expect(dataOf(play('messages', [bytes]).text).at(-1)).toEqual({
      type: 'error',
      error: { type: anthropicType, message: 'went wrong' },
    });
  });

  it('tell an event that is no JSON as an error', () => {
    const { text } = play('chat-completions', [eventStream([START, { type: 'contentBlockDelta', payload: 'text' }])]);
    expect(text).toContain('AWSBedrock sent an event \\"contentBlockDelta\\" that is no JSON object');
  });

  it('G1: open text and thinking with their first delta, close what is open and never close twice', () => {
    const stop = (contentBlockIndex: number): Frame => ({ type: 'contentBlockStop', payload: { contentBlockIndex } });
    const frames = [
      START,
      stop(0),
      delta(0, { reasoningContent: { text: 'hm' } }),
      delta(1, { text: 'a' }),
      stop(1),
      stop(1),
      STOP,
    ];
    const types = dataOf(play('messages', [eventStream([...frames, METADATA])]).text).map(({ type }) => type);
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });
});

describe('an answer in JSON by a tool', () => {
  const FORMAT = {
    response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
    output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
  };
  const call = (index: number, name: string, input: string): Frame[] => [
    { type: 'contentBlockStart', payload: { contentBlockIndex: index, start: { toolUse: { toolUseId: 't', name } } } },
    delta(index, { toolUse: { input } }),
    { type: 'contentBlockStop', payload: { contentBlockIndex: index } },
  ];
  const TOOL_USE: Frame = { type: 'messageStop', payload: { stopReason: 'tool_use' } };

  it('G29: is the first call of the tool and nothing else', () => {
    const frames = [START, delta(0, { text: 'So: ' }), ...call(1, 'json', '{"a":1}'), ...call(2, 'json', '{"a":2}')];
    const { text } = play(
      'chat-completions',
      [eventStream([...frames, delta(3, { text: 'Done.' }), TOOL_USE, METADATA])],
      FORMAT,
    );
    expect(
      deltasOf(text)
        .map(({ content }) => (content as string | undefined) ?? '')
        .join(''),
    ).toBe('{"a":1}');
    expect(dataOf(text).at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  });

  it('G29: is bounded in what is held back before it', () => {
    const stream = exchangeOf('chat-completions', true, FORMAT).stream(HEAD);
    const frame = eventStream([delta(0, { text: 'x'.repeat(1 << 20) })]);
    const out = Array.from({ length: 9 }, () => Buffer.from(stream.push(frame)).toString()).join('');
    expect(out).toContain('AWSBedrock wrote too much before it gave the answer in JSON');
    expect(stream.hasError).toBe(true);
  });
});

describe('citations in streams', () => {
  it('are bounded', () => {
    const cited = Array.from({ length: 10_001 }, () => delta(0, { citation: { title: 't' } }));
    const { text } = play('chat-completions', [eventStream([START, ...cited, STOP, METADATA])]);
    expect(text).toContain('AWSBedrock cited more than 10000 sources in one block');
  });
});

describe('images in streams', () => {
  it('are bounded', () => {
    const stream = exchangeOf('chat-completions', true).stream(HEAD);
    const frame = eventStream([delta(0, { image: { source: { bytes: 'A'.repeat(4 << 20) } } })]);
    const out = Array.from({ length: 9 }, () => Buffer.from(stream.push(frame)).toString()).join('');
    expect(out).toContain('AWSBedrock sent images of more than 33554432 characters');
  });
});
