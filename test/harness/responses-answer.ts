import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import type {
  ChatChoice,
  ChatEvent,
  ChatResult,
} from '../../src/modules/extproc/translators/parts/chat/chat-result.js';
import { responsesCell } from '../../src/modules/extproc/translators/parts/responses/responses-cell.js';
import { endpointNamed, fixedEnv, headerLookup, playStream, responseHead } from './cell.js';
import { scriptedBackend, scriptedStream } from './scripted-chat-backend.js';

/*
 * What a client of `/v1/responses` gets of a provider that says what the test wants.
 */

export type Json = Record<string, unknown>;
export type ResponseJson = Json & { readonly output: readonly Json[] };

/** @param request Members of the client's body besides model, input and stream */
export function startResponse(request: Json = {}, schema: SchemaName = 'Anthropic') {
  const body = Buffer.from(JSON.stringify({ model: 'm', input: 'hi', stream: true, ...request }));
  const parsed = endpointNamed('responses').parse(body, { contentType: undefined, forcesUsage: false });
  const input = { requestModel: 'm', hasModelOverride: false, schema: { name: schema }, headers: headerLookup() };
  const exchange = responsesCell(scriptedBackend()).start({ ...input, request: parsed }, fixedEnv());
  if (exchange.kind !== 'translating') throw new Error('the cell translates');
  return exchange;
}

export const play = (events: readonly ChatEvent[], request: Json = {}) =>
  playStream(startResponse(request), [scriptedStream(events)]);

/** The data of all events. Throws when the frames or their numbers are not what the dialect says. */
export function eventsIn(text: string, firstNumber = 0): readonly Json[] {
  const frames = text.split('\n\n');
  if (frames.pop() !== '') throw new Error('the stream does not end with a blank line');
  return frames.map((frame, index) => {
    const [, type, data] = /^event: ([^\n]*)\ndata: ([^\n]*)$/.exec(frame) ?? [];
    const event = JSON.parse(data ?? 'null') as Json;
    if (event['type'] !== type) throw new Error(`the data of an event ${type} has another type`);
    if (event['sequence_number'] !== firstNumber + index) throw new Error(`event ${index} is out of sequence`);
    return event;
  });
}

export const playEvents = (events: readonly ChatEvent[], request: Json = {}) => eventsIn(play(events, request).text);

/** Types without `response.`. */
export const typesOf = (events: readonly Json[]) => events.map(({ type }) => String(type).replace(/^response\./, ''));

export const finalOf = (events: readonly Json[]) => events.at(-1)!['response'] as ResponseJson;

export const wholeOf = (result: ChatResult, request: Json = {}) => {
  const answer = startResponse(request).whole(responseHead(200), Buffer.from(JSON.stringify(result)));
  return { ...answer, body: JSON.parse(Buffer.from(answer.body!).toString()) as ResponseJson };
};

export const choice = 0;
export const text = (said: string): ChatEvent => ({ kind: 'text', choice, text: said });
export const reasoning = (said: string): ChatEvent => ({ kind: 'reasoning', choice, text: said });
export const signature = (sign: string): ChatEvent => ({
  kind: 'thinking-block',
  choice,
  block: { type: 'thinking', signature: sign },
});
export const call = (index: number, name: string, args = ''): ChatEvent => ({
  kind: 'tool-call',
  choice,
  index,
  id: `call-${index}`,
  name,
  arguments: args,
});
export const args = (index: number, said: string): ChatEvent => ({ kind: 'tool-arguments', choice, index, text: said });
export const finish = (reason: ChatChoice['finishReason']): ChatEvent => ({ kind: 'finish', choice, reason });
export const START: ChatEvent = { kind: 'start', id: 'x', model: 'm-1', serviceTier: 'priority' };
export const USAGE: ChatEvent = {
  kind: 'usage',
  usage: { inputTokens: 9, cachedInputTokens: 4, outputTokens: 5, totalTokens: 14, reasoningTokens: 3 },
};
export const DONE: ChatEvent = { kind: 'done' };
export const ENCRYPTED = { include: ['reasoning.encrypted_content'] };

export const WORKED = [
  START,
  { kind: 'role', choice },
  reasoning('Let me '),
  reasoning('think.'),
  signature('s1'),
  text('Hel'),
  text('lo.'),
  call(0, 'get_weather'),
  args(0, '{"city":'),
  args(0, '"Ulm"}'),
  finish('tool_calls'),
  USAGE,
  DONE,
] satisfies ChatEvent[];

/** Says the same as {@link WORKED}. */
export const RESULT: ChatResult = {
  id: 'x',
  model: 'm-1',
  serviceTier: 'priority',
  choices: [
    {
      index: 0,
      content: 'Hello.',
      reasoning: 'Let me think.',
      thinkingBlocks: [{ type: 'thinking', thinking: 'Let me think.', signature: 's1' }],
      toolCalls: [{ id: 'call-0', name: 'get_weather', arguments: '{"city":"Ulm"}' }],
      finishReason: 'tool_calls',
    },
  ],
  usage: { inputTokens: 9, cachedInputTokens: 4, outputTokens: 5, totalTokens: 14, reasoningTokens: 3 },
};
