import { describe, expect, it } from '@jest/globals';
import { fixedEnv, headerLookup, responseHead } from '../../../../../../test/harness/cell.js';
import { chatCompletions } from '../../../endpoints/chat-completions.js';
import { FramingError } from '../../../codec/framing-error.js';
import { MalformedRequestError } from '../../../request-error.js';
import { UpstreamAnswerError, type ResponseFacts } from '../../translator.js';
import type { ChatBackend, ChatStreamReader } from './chat-backend.js';
import { chatCell } from './chat-cell.js';
import type { ChatEvent } from './chat-result.js';

/** Each byte of the provider's stream stands for the events at its place in the list; the last entry is for the end. */
type Script = readonly (readonly ChatEvent[] | Error)[];

const FACTS: ResponseFacts = { usage: { inputTokens: 1 }, model: 'from-reader' };

function readerOf(script: Script, emit: (event: ChatEvent) => void): ChatStreamReader {
  const play = (entry: readonly ChatEvent[] | Error | undefined) => {
    if (entry instanceof Error) throw entry;
    for (const event of entry ?? []) emit(event);
  };
  return {
    facts: FACTS,
    isUsageFinal: false,
    hasError: false,
    push: (chunk) => {
      for (const byte of chunk) play(script[byte]);
    },
    end: () => play(script.at(-1)),
  };
}

const backendOf = (script: Script = [[]]): ChatBackend => ({
  start: (chat, input) => ({
    request: { path: '/up', sets: [], dropped: ['seed'], body: Buffer.from(chat.messages[0]!.role) },
    fallbackModel: input.requestModel,
    whole: () => ({ id: 'i', model: 'told', choices: [], usage: { inputTokens: 3 } }),
    stream: (_, emit) => readerOf(script, emit),
    error: (_, body) => ({
      type: 'Oops',
      message: Buffer.from(body).toString(),
      status: 999,
      sets: [{ name: 'retry-after', value: '3' }],
    }),
  }),
});

function start(
  backend: ChatBackend,
  body: object = { model: 'm', messages: [{ role: 'user', content: 'a' }], stream: true },
) {
  const request = chatCompletions.parse(Buffer.from(JSON.stringify(body)), {
    contentType: undefined,
    forcesUsage: false,
  });
  const exchange = chatCell(backend).start(
    {
      request,
      requestModel: 'asked',
      hasModelOverride: false,
      schema: { name: 'AWSBedrock' },
      headers: headerLookup(),
    },
    fixedEnv(),
  );
  if (exchange.kind !== 'translating') throw new Error('a chat cell translates');
  return exchange;
}

/** Text that the client gets: per byte of the provider, and at the end. */
function play(script: Script) {
  const stream = start(backendOf(script)).stream(responseHead(200));
  const pushed = script.slice(0, -1).map((_, index) => Buffer.from(stream.push(Uint8Array.of(index))).toString());
  const hadErrorBeforeEnd = stream.hasError;
  return { pushed, ended: Buffer.from(stream.end()).toString(), hadErrorBeforeEnd, stream };
}

const TEXT: ChatEvent = { kind: 'text', choice: 0, text: 'a' };
const FINISH: ChatEvent = { kind: 'finish', choice: 0, reason: 'stop' };
const DONE = 'data: [DONE]\n\n';
const errorText = (message: string) =>
  `data: {"error":{"type":"BadGateway","code":"502","message":"${message}","param":null}}\n\n${DONE}`;

describe('the request of a chat cell', () => {
  it("is the backend's, with what the reader ignored in the receipt", () => {
    const { request, fallbackModel } = start(backendOf(), { messages: [{ role: 'user', content: 'a', weight: 1 }] });
    expect(request).toEqual({
      path: '/up',
      sets: [],
      dropped: ['seed', 'messages[0].weight'],
      body: Buffer.from('user'),
    });
    expect(fallbackModel).toBe('asked');
  });

  it('is refused when it is not of the API', () => {
    expect(() => start(backendOf(), { messages: 1 })).toThrow(
      new MalformedRequestError('malformed request: "messages" must be an array, found a number'),
    );
  });
});

describe('the answer of a chat cell', () => {
  it('is a chat completion', () => {
    const { body, ...rest } = start(backendOf()).whole(responseHead(200), Buffer.of());
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({
      id: 'i',
      object: 'chat.completion',
      model: 'told',
    });
    expect(rest).toEqual({
      sets: [{ name: 'content-type', value: 'application/json' }],
      model: 'told',
      usage: { inputTokens: 3 },
    });
  });

  it('has errors of the status that the client sees', () => {
    const { body, sets } = start(backendOf()).error(responseHead(429), Buffer.from('slow "down"\n'));
    expect(Buffer.from(body!).toString()).toBe(
      '{"type":"error","error":{"type":"Oops","code":"429","message":"slow \\"down\\"\\n","param":null}}',
    );
    expect(sets).toEqual([
      { name: 'content-type', value: 'application/json' },
      { name: 'retry-after', value: '3' },
    ]);
  });
});

describe('the stream of a chat cell', () => {
  it('G15: ends with a done marker of two newlines as soon as the provider marks its end', () => {
    const { pushed, ended, stream } = play([[TEXT], [FINISH, { kind: 'done' }], [TEXT], []]);
    expect(pushed.map((text) => text.includes('finish_reason":"stop'))).toEqual([false, true, false]);
    expect(pushed[1]!.endsWith(`\n\n${DONE}`)).toBe(true);
    expect([pushed[2], ended]).toEqual(['', '']);
    expect([stream.isUsageFinal, stream.hasError, stream.facts]).toEqual([true, false, FACTS]);
  });

  it('is closed at the end when the provider never marked it', () => {
    const { ended } = play([[TEXT], [FINISH, { kind: 'done' }]]);
    expect(ended.endsWith(`"finish_reason":"stop"}]}\n\n${DONE}`)).toBe(true);
    expect(play([[TEXT], []]).ended).toBe(DONE);
  });

  it.each([
    ['bytes that break the framing', new FramingError('the CRC is wrong')],
    ['an event that is not of the API', new UpstreamAnswerError('the CRC is wrong')],
  ])('G7: tells of %s and ends', (_, failure) => {
    const { pushed, ended, hadErrorBeforeEnd } = play([[TEXT], failure, [TEXT], []]);
    expect(pushed.slice(1)).toEqual([errorText("the provider's stream cannot be read: the CRC is wrong"), '']);
    expect([ended, hadErrorBeforeEnd]).toEqual(['', true]);
    expect(play([[TEXT], failure]).ended).toBe(errorText("the provider's stream cannot be read: the CRC is wrong"));
  });

  it("G7: ends behind the provider's own error", () => {
    const error = { type: 'overloaded_error', message: 'later', status: 529 };
    const { pushed, ended, hadErrorBeforeEnd } = play([
      [{ kind: 'error', error }, TEXT, { kind: 'done' }],
      [TEXT],
      [{ kind: 'done' }],
    ]);
    expect(pushed).toEqual([
      `data: {"error":{"type":"overloaded_error","code":"529","message":"later","param":null}}\n\n${DONE}`,
      '',
    ]);
    expect([ended, hadErrorBeforeEnd]).toEqual(['', true]);
  });

  it.each<[string, Script]>([
    ['no bytes', [[]]],
    ['no events', [[], []]],
    ['an end that the reader made up', [[], [FINISH, { kind: 'usage', usage: {} }, { kind: 'done' }]]],
    ['nothing but a start', [[{ kind: 'start' }], [FINISH, { kind: 'done' }]]],
  ])('is an error when the provider gave %s', (_, script) => {
    const { pushed, ended, stream } = play(script);
    expect(pushed.join('')).toBe('');
    expect(ended).toBe(errorText('the provider ended its stream without an answer'));
    expect(stream.hasError).toBe(true);
  });

  it('is an empty answer when the provider said so', () => {
    const { pushed, ended, stream } = play([[FINISH], [{ kind: 'done' }]]);
    expect([pushed.length, ended, stream.hasError]).toEqual([1, DONE, false]);
  });

  it('has what the provider told in an unterminated last event', () => {
    expect(play([[TEXT, FINISH, { kind: 'done' }]]).ended.split('\n\n')).toHaveLength(4);
  });

  it('does not hide mistakes of its own', () => {
    expect(() => play([new TypeError('a mistake'), []])).toThrow('a mistake');
  });
});
