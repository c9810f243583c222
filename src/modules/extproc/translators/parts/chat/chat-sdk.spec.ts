import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import {
  endpointNamed,
  fixedEnv,
  headerLookup,
  playStream,
  responseHead,
} from '../../../../../../test/harness/cell.js';
import { scriptedBackend, scriptedStream } from '../../../../../../test/harness/scripted-chat-backend.js';
import { chatCell } from './chat-cell.js';
import type { ChatEvent, ChatResult } from './chat-result.js';

function start() {
  const body = Buffer.from('{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}');
  const request = endpointNamed('chat-completions').parse(body, { contentType: undefined, forcesUsage: false });
  const schema = { name: 'Anthropic' as const };
  const input = { request, requestModel: 'm', hasModelOverride: false, schema, headers: headerLookup() };
  const exchange = chatCell(scriptedBackend()).start(input, fixedEnv());
  if (exchange.kind !== 'translating') throw new Error('the cell translates');
  return exchange;
}

/** The official client, with our bytes as its answer. */
const clientOf = (body: string, contentType: string) =>
  new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { 'content-type': contentType } })),
  });

const streamOf = (events: readonly ChatEvent[]) => {
  const { text } = playStream(start(), [scriptedStream(events)]);
  const client = clientOf(text, 'text/event-stream');
  return client.chat.completions.stream({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
};

const choice = 0;
const EVENTS: readonly ChatEvent[] = [
  { kind: 'start', id: 'chatcmpl-1', model: 'm-1' },
  { kind: 'role', choice },
  { kind: 'reasoning', choice, text: 'Hm.' },
  { kind: 'text', choice, text: 'Hel' },
  { kind: 'text', choice, text: 'lo.' },
  { kind: 'tool-call', choice, index: 0, id: 'a', name: 'f', arguments: '' },
  { kind: 'tool-arguments', choice, index: 0, text: '{"x":' },
  { kind: 'tool-arguments', choice, index: 0, text: '1}' },
  { kind: 'keep-alive' },
  { kind: 'tool-call', choice, index: 1, id: 'b', name: 'g', arguments: '{}' },
  { kind: 'finish', choice, reason: 'tool_calls' },
  { kind: 'usage', usage: { inputTokens: 9, outputTokens: 5, totalTokens: 14 } },
  { kind: 'done' },
];

describe('the official client', () => {
  it('G38: accumulates a stream of text and parallel calls', async () => {
    const completion = await streamOf(EVENTS).finalChatCompletion();
    expect(completion).toMatchObject({
      id: 'chatcmpl-1',
      model: 'm-1',
      usage: { total_tokens: 14 },
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'Hello.',
            tool_calls: [
              { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
              { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
      ],
    });
  });

  it('accumulates a refusal', async () => {
    const completion = await streamOf([
      { kind: 'refusal', choice, text: 'No.' },
      { kind: 'finish', choice, reason: 'stop' },
      { kind: 'done' },
    ]).finalChatCompletion();
    expect(completion.choices[0]!.message).toMatchObject({ refusal: 'No.', content: null });
  });

  it('gets an error out of an error event', async () => {
    const error = { type: 'overloaded_error', message: 'busy', status: 529 };
    await expect(streamOf([...EVENTS.slice(0, 4), { kind: 'error', error }]).done()).rejects.toThrow('busy');
  });

  it('reads a whole answer', async () => {
    const result: ChatResult = {
      id: 'chatcmpl-1',
      model: 'm-1',
      choices: [
        {
          index: 0,
          content: undefined,
          thinkingBlocks: [],
          toolCalls: [{ id: 'a', name: 'f', arguments: '{}' }],
          finishReason: 'tool_calls',
        },
      ],
    };
    const { body } = start().whole(responseHead(200), Buffer.from(JSON.stringify(result)));
    const client = clientOf(Buffer.from(body!).toString(), 'application/json');
    const completion = await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }],
      },
    });
  });
});
