import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { chunkFrames, eventStream, type Frame } from '../../../../../../test/harness/cell.js';
import { ClaudeFrameStream } from './claude-frames.js';

const START = { type: 'message_start', message: { model: 'claude', usage: { input_tokens: 5, output_tokens: 1 } } };
const STOP = { type: 'message_stop' };

function play(...chunks: readonly Uint8Array[]) {
  const stream = new ClaudeFrameStream();
  const pushed = chunks.map((chunk) => Buffer.from(stream.push(chunk)).toString()).join('');
  const isUsageFinal = stream.isUsageFinal;
  const end = Buffer.from(stream.end()).toString();
  return { pushed, end, isUsageFinal, facts: stream.facts, hasError: stream.hasError };
}

const frame = (text: string): Frame => ({ type: 'chunk', payload: { bytes: Buffer.from(text).toString('base64') } });
const errorEvent = (type: string, message: string) =>
  `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type, message } })}\n\n`;

describe('ClaudeFrameStream', () => {
  it('G8: forwards every event to the byte, whatever its type', () => {
    const events = [
      '{"type":"ping"}',
      '{ "n": 1.0, "type" : "brand_new" }',
      '{"type":"message_stop","x":12345678901234567890}',
    ];
    const { pushed, end } = play(eventStream(events.map(frame)));
    expect(pushed).toBe(
      `event: ping\ndata: ${events[0]!}\n\nevent: brand_new\ndata: ${events[1]!}\n\nevent: message_stop\ndata: ${events[2]!}\n\n`,
    );
    expect(end).toBe('');
  });

  it('keeps an event on one line when its JSON has several', () => {
    expect(play(eventStream([frame('{\n  "type":\r\n"ping"\n}')])).pushed).toBe(
      'event: ping\ndata: {   "type": "ping" }\n\n',
    );
  });

  it('leaves out the name of an event that would be no name', () => {
    expect(play(eventStream([frame('{"type":"a\\ndata: b"}')])).pushed).toBe('data: {"type":"a\\ndata: b"}\n\n');
  });

  it('passes over frames without a chunk', () => {
    const bytes = eventStream([{ type: 'other', payload: { p: 'abc' } }, ...chunkFrames([STOP])]);
    expect(play(bytes).pushed).toBe('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  });

  it('learns what the events tell', () => {
    const delta = {
      type: 'message_delta',
      delta: {},
      usage: { output_tokens: 7, output_tokens_details: { thinking_tokens: 2 } },
    };
    const { facts, isUsageFinal, hasError } = play(eventStream(chunkFrames([START, delta, STOP])));
    expect({ facts, isUsageFinal, hasError }).toEqual({
      facts: {
        model: 'claude',
        usage: {
          inputTokens: 5,
          cachedInputTokens: 0,
          cacheCreationInputTokens: 0,
          outputTokens: 7,
          totalTokens: 12,
          reasoningTokens: 2,
        },
      },
      isUsageFinal: true,
      hasError: false,
    });
  });

  it.each([
    ['throttlingException', 'rate_limit_error'],
    ['validationException', 'invalid_request_error'],
    ['internalServerException', 'api_error'],
    ['modelStreamErrorException', 'api_error'],
    ['modelTimeoutException', 'timeout_error'],
    ['serviceUnavailableException', 'overloaded_error'],
    ['somethingNew', 'api_error'],
  ])('G7: tells %s as %s and nothing behind it', (exception, type) => {
    const frames: Frame[] = [{ type: exception, exception: true, payload: { message: 'no' } }, ...chunkFrames([STOP])];
    const { pushed, end, hasError } = play(eventStream([...chunkFrames([START]), ...frames]));
    expect(pushed.split('\n\n').slice(1).join('\n\n')).toBe(errorEvent(type, 'no'));
    expect({ end, hasError }).toEqual({ end: '', hasError: true });
  });

  it('G7: takes a checksum that does not match for a failure', () => {
    const bytes = eventStream(chunkFrames([START]));
    bytes[bytes.length - 1]! ^= 1;
    const message = "the provider's stream cannot be read: AWS event stream message does not match its CRC-32";
    expect(play(bytes)).toMatchObject({ pushed: errorEvent('api_error', message), end: '', hasError: true });
  });

  it.each(['{"a":1}', '[]', 'x', '{"type":1}', ''])('tells a chunk %p that is no event to be a failure', (text) => {
    const message = `the provider's stream cannot be read: a chunk of Bedrock holds no JSON object with a "type"`;
    expect(play(eventStream([frame(text), ...chunkFrames([STOP])])).pushed).toBe(errorEvent('api_error', message));
  });

  it('tells a stream that ends inside a frame', () => {
    const bytes = eventStream(chunkFrames([START, STOP]));
    const { end, hasError } = play(bytes.subarray(0, bytes.length - 3));
    expect(end).toContain('event: error\ndata: {"type":"error","error":{"type":"api_error"');
    expect(hasError).toBe(true);
  });

  it('gives the same however the bytes are cut', () => {
    const events = fc.constantFrom<object>(
      START,
      STOP,
      { type: 'ping' },
      { type: 'error', error: { type: 't' } },
      { n: 1 },
    );
    fc.assert(
      fc.property(fc.array(events, { maxLength: 5 }), fc.array(fc.nat(600), { maxLength: 8 }), (list, cuts) => {
        const bytes = eventStream(chunkFrames(list));
        const offsets = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = offsets.slice(1).map((to, index) => Buffer.from(bytes.subarray(offsets[index], to)));
        const [cut, whole] = [play(...chunks), play(bytes)];
        expect({ ...cut, pushed: cut.pushed + cut.end, end: '' }).toEqual({
          ...whole,
          pushed: whole.pushed + whole.end,
          end: '',
        });
      }),
    );
  });
});
