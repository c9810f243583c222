import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import {
  DONE,
  ENCRYPTED,
  RESULT,
  START,
  WORKED,
  args,
  call,
  choice,
  eventsIn,
  finalOf,
  finish,
  play,
  text,
  wholeOf,
} from '../../../../../../test/harness/responses-answer.js';

/** The official client, with our bytes as its answer. */
const clientOf = (body: string, contentType: string) =>
  new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { 'content-type': contentType } })),
  });

describe('the official client', () => {
  it('accumulates a stream to the response that it ends with', async () => {
    const played = play(WORKED, ENCRYPTED).text;
    const stream = clientOf(played, 'text/event-stream').responses.stream({ model: 'm', input: 'hi' });
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ status: 'completed', output_text: 'Hello.', usage: { total_tokens: 14 } });
    expect(final.output).toMatchObject(finalOf(eventsIn(played)).output);
  });

  it('reads interleaved calls, custom calls, refusals, citations and images of a stream', async () => {
    const request = { tools: [{ type: 'custom', name: 'shell' }] };
    const played = play(
      [
        START,
        text('Hi'),
        { kind: 'annotations', choice, annotations: [{ type: 'url_citation', url_citation: { url: 'u' } }] },
        { kind: 'refusal', choice, text: 'no' },
        { kind: 'images', choice, images: [{ image_url: { url: 'data:image/png;base64,AAAA' } }] },
        call(0, 'a', '{'),
        call(1, 'shell', '{"input":"ls"}'),
        args(0, '}'),
        finish('tool_calls'),
        DONE,
      ],
      request,
    ).text;
    const stream = clientOf(played, 'text/event-stream').responses.stream({ model: 'm', input: 'hi' });
    const final = await stream.finalResponse();
    expect(final.output).toMatchObject(finalOf(eventsIn(played)).output);
    expect(final.output.map(({ type }) => type)).toEqual([
      'message',
      'image_generation_call',
      'function_call',
      'custom_tool_call',
    ]);
  });

  it.each(['length', 'error'] as const)('ends with a stream that finishes with %s', async (reason) => {
    const played = play([START, text('Hi'), call(0, 'a', '{'), finish(reason), DONE]).text;
    const final = await clientOf(played, 'text/event-stream')
      .responses.stream({ model: 'm', input: 'hi' })
      .finalResponse();
    expect(final.status).toBe(reason === 'length' ? 'incomplete' : 'failed');
  });

  it('gets an error out of an error event', async () => {
    const error = { type: 'overloaded_error', message: 'busy', status: 529 };
    const played = play([START, text('Hi'), { kind: 'error', error }]).text;
    const stream = clientOf(played, 'text/event-stream').responses.stream({ model: 'm', input: 'hi' });
    await expect(stream.finalResponse()).rejects.toThrow('busy');
  });

  it('reads a whole answer', async () => {
    const { body } = wholeOf(RESULT, ENCRYPTED);
    const client = clientOf(JSON.stringify(body), 'application/json');
    const response = await client.responses.create({ model: 'm', input: 'hi' });
    expect(response).toMatchObject({ output_text: 'Hello.', output: body.output });
  });
});
