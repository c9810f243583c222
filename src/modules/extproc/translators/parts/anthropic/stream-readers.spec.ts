import { describe, expect, it } from '@jest/globals';
import { chunkFrames, eventStream, fixedEnv, type Frame } from '../../../../../../test/harness/cell.js';
import { FramingError } from '../../../codec/framing-error.js';
import type { ChatEvent } from '../chat/chat-result.js';
import { awsReader } from './stream-readers.js';
import { ClaudeEventReader } from './stream.js';

function read(bytes: Buffer) {
  const events: ChatEvent[] = [];
  const context = { env: fixedEnv(), requestModel: 'asked-for', answerTool: undefined };
  const reader = awsReader(new ClaudeEventReader(context, false, (event) => events.push(event)));
  reader.push(bytes);
  reader.end();
  return { events, facts: reader.facts, hasError: reader.hasError };
}

const START = { type: 'message_start', message: { id: 'msg_1', usage: { input_tokens: 3, output_tokens: 1 } } };
const TEXT = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hé😀' } };
const ENDED = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } };
const STOP = { type: 'message_stop' };

describe('AWS frames', () => {
  const play = (frames: readonly Frame[]) => read(eventStream(frames));

  it('hold events in base64; the metrics of Bedrock do not count', () => {
    const metrics = { ...STOP, 'amazon-bedrock-invocationMetrics': { inputTokenCount: 99 } };
    const { events, facts } = play(chunkFrames([START, TEXT, ENDED, metrics]));
    expect(events[1]).toEqual({ kind: 'text', choice: 0, text: 'hé😀' });
    expect(facts.usage).toMatchObject({ inputTokens: 3, outputTokens: 9 });
  });

  it('G7: tell exceptions', () => {
    const exception = { type: 'throttlingException', payload: { message: 'slow down' }, exception: true };
    const { events, hasError } = play([...chunkFrames([START]), exception, ...chunkFrames([STOP])]);
    expect(events.slice(1)).toEqual([
      { kind: 'error', error: { type: 'throttlingException', message: 'slow down', status: 429 } },
      { kind: 'done' },
    ]);
    expect(hasError).toBe(true);
  });

  it('G7: throw for a chunk without bytes, for one that holds no event, for a wrong checksum and for half a frame', () => {
    expect(() => play([{ type: 'chunk', payload: { p: 'a' } }])).toThrow(
      `a chunk of Bedrock's stream must have "bytes"`,
    );
    expect(() => play([{ type: 'chunk', payload: { bytes: 'WzFd' } }])).toThrow(
      "an event of Anthropic's stream must be a JSON object",
    );
    const bytes = eventStream(chunkFrames([START]));
    expect(() => read(bytes.subarray(0, -1))).toThrow(FramingError);
    bytes[bytes.length - 1]! ^= 1;
    expect(() => read(bytes)).toThrow(FramingError);
  });

  it('of other types are passed over', () => {
    expect(play([{ type: 'new', payload: {} }, ...chunkFrames([START, ENDED, STOP])]).hasError).toBe(false);
  });
});
