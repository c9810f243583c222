import { describe, expect, it } from '@jest/globals';
import { fixedEnv } from '../../../../../../test/harness/cell.js';
import { FramingError } from '../../../codec/framing-error.js';
import { UpstreamAnswerError, type ResponseFacts } from '../../translator.js';
import type { MessageStreamWriter } from './message-stream-writer.js';
import { messageStream, type MessageStreamReader } from './message-stream.js';

/** Does what the bytes say: `text`, `finish`, `usage`, `bad`, `broken` or `bug`. */
class ScriptedReader implements MessageStreamReader {
  facts: ResponseFacts = {};
  readonly seen: string[] = [];

  constructor(private readonly writer: MessageStreamWriter) {}

  push(chunk: Uint8Array): void {
    const word = Buffer.from(chunk).toString();
    this.seen.push(word);
    if (word === 'usage') this.facts = { usage: { outputTokens: 1 } };
    else if (word === 'finish') this.writer.finish('end_turn', undefined, {});
    else if (word === 'bad') throw new UpstreamAnswerError('what is that');
    else if (word === 'broken') throw new FramingError('no frame');
    else if (word === 'bug') throw new TypeError('a bug');
    else this.writer.text(word);
  }

  end(): void {
    this.seen.push('(end)');
  }
}

function play(...words: readonly string[]) {
  let reader: ScriptedReader | undefined;
  const stream = messageStream(fixedEnv(), 'm', (writer) => {
    reader = new ScriptedReader(writer);
    return reader;
  });
  const pushed = words.map((word) => Buffer.from(stream.push(Buffer.from(word))).toString());
  const isUsageFinal = stream.isUsageFinal;
  const end = Buffer.from(stream.end()).toString();
  return { pushed, end, isUsageFinal, hasError: stream.hasError, facts: stream.facts, seen: reader!.seen };
}

const errorEvent = (message: string) =>
  `event: error\ndata: {"type":"error","error":{"type":"api_error","message":"${message}"}}\n\n`;

describe('messageStream', () => {
  it('gives what closes a message when the reader finishes, and nothing at the end', () => {
    const { pushed, end, isUsageFinal, hasError, facts } = play('hi', 'usage', 'finish');
    expect(pushed[2]).toContain('message_stop');
    expect({ end, isUsageFinal, hasError, facts }).toEqual({
      end: '',
      isUsageFinal: true,
      hasError: false,
      facts: { usage: { outputTokens: 1 } },
    });
  });

  it('does not call usage final when the message told none', () => {
    expect(play('hi', 'finish').isUsageFinal).toBe(false);
  });

  it('G20: tells an empty stream to be an error, without a message around it', () => {
    expect(play()).toMatchObject({ end: errorEvent("the provider's stream ended without an answer"), hasError: true });
  });

  it('G7: tells a stream that was cut', () => {
    expect(play('hi')).toMatchObject({
      end: errorEvent("the provider's stream ended before the answer was complete"),
      hasError: true,
    });
  });

  it.each([
    ['bad', 'what is that'],
    ['broken', 'no frame'],
  ])('G7: tells what cannot be read (%s) and reads no further', (word, message) => {
    const { pushed, end, hasError, seen } = play('hi', word, 'more');
    expect({ event: pushed[1], behind: pushed[2], end, hasError, seen }).toEqual({
      event: errorEvent(`the provider's stream cannot be read: ${message}`),
      behind: '',
      end: '',
      hasError: true,
      seen: ['hi', word],
    });
  });

  it('calls nothing behind a complete message an error', () => {
    expect(play('hi', 'finish', 'bad')).toMatchObject({ hasError: false, end: '' });
  });

  it('does not hide a bug', () => {
    expect(() => play('bug')).toThrow(new TypeError('a bug'));
  });
});
