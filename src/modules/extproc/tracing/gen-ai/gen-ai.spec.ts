import { describe, expect, it } from '@jest/globals';
import { SpanKind } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { ENDPOINT_NAMES, type EndpointName } from '../../endpoints/endpoint.js';
import type { JsonObject } from '../../codec/json-value.js';
import type { TracedRequest } from '../span-convention.js';
import { genAi } from './gen-ai.js';

const CAPTURE = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' };

function request(endpoint: EndpointName, document: JsonObject, model = 'm'): TracedRequest {
  const body = Buffer.from(JSON.stringify(document));
  return { endpoint, model, isStreaming: false, body, document: () => document, form: undefined };
}

/** Attributes at the start, behind operation and model. */
const started = (endpoint: EndpointName, document: JsonObject, env = {}) =>
  Object.entries(genAi(env).start(request(endpoint, document)).attributes).slice(2);
const answered = (endpoint: EndpointName, document: JsonObject, env = {}) =>
  genAi(env).answer(request(endpoint, {}), { kind: 'json', document, text: JSON.stringify(document) });
const output = (endpoint: EndpointName, document: JsonObject): unknown => {
  const text = answered(endpoint, document, CAPTURE)['gen_ai.output.messages'];
  return text === undefined ? undefined : JSON.parse(text as string);
};

describe('genAi, start', () => {
  it.each([
    ['chat-completions', 'chat'],
    ['responses', 'chat'],
    ['messages', 'chat'],
    ['completions', 'text_completion'],
    ['embeddings', 'embeddings'],
    ['images-generations', 'image_generation'],
    ['speech', 'speech'],
    ['transcriptions', 'transcription'],
    ['audio-translations', 'translation'],
    ['rerank', 'rerank'],
    ['tokenize', 'tokenize'],
    ['input-tokens', 'tokenize'],
    ['count-tokens', 'tokenize'],
  ] as const)('calls %s %s', (endpoint, operation) => {
    expect(genAi({}).start(request(endpoint, {}))).toEqual({
      name: `${operation} m`,
      kind: SpanKind.CLIENT,
      attributes: { 'gen_ai.operation.name': operation, 'gen_ai.request.model': 'm' },
    });
  });

  it('leaves the model out when there is none', () => {
    const { name, attributes } = genAi({}).start(request('chat-completions', {}, ''));
    expect([name, attributes]).toEqual(['chat', { 'gen_ai.operation.name': 'chat' }]);
  });

  it('tells the parameters of chat in order, also zeros, and none that is missing', () => {
    const body = {
      stop: 'a',
      max_tokens: 5,
      max_completion_tokens: 6,
      n: 1,
      seed: 0,
      presence_penalty: 0,
      frequency_penalty: 0.5,
      top_p: 1,
      temperature: 0,
    };
    expect(started('chat-completions', body)).toEqual([
      ['gen_ai.request.temperature', 0],
      ['gen_ai.request.top_p', 1],
      ['gen_ai.request.frequency_penalty', 0.5],
      ['gen_ai.request.presence_penalty', 0],
      ['gen_ai.request.seed', 0],
      ['gen_ai.request.choice.count', 1],
      ['gen_ai.request.max_tokens', 6],
      ['gen_ai.request.stop_sequences', ['a']],
    ]);
    expect(started('chat-completions', { stop: '', temperature: null })).toEqual([]);
  });

  it.each<[EndpointName, JsonObject, [string, unknown][]]>([
    [
      'messages',
      { temperature: 1, top_k: 3, max_tokens: 9, stop_sequences: ['x'] },
      [
        ['gen_ai.request.temperature', 1],
        ['gen_ai.request.top_k', 3],
        ['gen_ai.request.max_tokens', 9],
        ['gen_ai.request.stop_sequences', ['x']],
      ],
    ],
    ['messages', { max_tokens: 0, stop_sequences: [] }, []],
    [
      'responses',
      { max_output_tokens: 0, conversation: { id: 'c' } },
      [
        ['gen_ai.request.max_tokens', 0],
        ['gen_ai.conversation.id', 'c'],
      ],
    ],
    ['responses', { conversation: 'd' }, [['gen_ai.conversation.id', 'd']]],
    [
      'completions',
      { n: 2, stop: ['a', 'b'] },
      [
        ['gen_ai.request.choice.count', 2],
        ['gen_ai.request.stop_sequences', ['a', 'b']],
      ],
    ],
    ['embeddings', { encoding_format: 'base64' }, [['gen_ai.request.encoding_formats', ['base64']]]],
    ['rerank', { top_n: 2 }, []],
  ])('tells the parameters of %s: %j', (endpoint, body, expected) => {
    expect(started(endpoint, body)).toEqual(expected);
  });

  it.each(['', 'false', 'yes', ' true', '0'])('records no content when the variable is %j', (value) => {
    const env = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: value };
    expect(started('chat-completions', { messages: [{ role: 'user', content: 'secret' }] }, env)).toEqual([]);
    const { description } = genAi(env).failure({ status: 429, body: 'secret' });
    expect(description).toBe('Error code: 429');
  });
});

describe('genAi, answers', () => {
  it.each<[EndpointName, JsonObject, object]>([
    [
      'chat-completions',
      {
        id: 'i',
        model: 'r',
        choices: [{ finish_reason: 'stop' }, {}, { finish_reason: 'length' }],
        usage: {
          prompt_tokens: 5,
          completion_tokens: 0,
          prompt_tokens_details: { cached_tokens: 1, cache_creation_input_tokens: 2 },
          completion_tokens_details: { reasoning_tokens: 3 },
        },
      },
      {
        'gen_ai.response.id': 'i',
        'gen_ai.response.model': 'r',
        'gen_ai.response.finish_reasons': ['stop', 'length'],
        'gen_ai.usage.input_tokens': 5,
        'gen_ai.usage.cache_read.input_tokens': 1,
        'gen_ai.usage.cache_creation.input_tokens': 2,
        'gen_ai.usage.reasoning.output_tokens': 3,
      },
    ],
    [
      'completions',
      { id: 'i', model: '', choices: [{ finish_reason: 'stop' }], usage: { prompt_tokens: 5, completion_tokens: 6 } },
      { 'gen_ai.response.id': 'i', 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 6 },
    ],
    [
      'messages',
      {
        id: 'i',
        model: 'r',
        stop_reason: 'end_turn',
        usage: { input_tokens: 1, cache_read_input_tokens: 10, cache_creation_input_tokens: 100, output_tokens: 7 },
      },
      {
        'gen_ai.response.id': 'i',
        'gen_ai.response.model': 'r',
        'gen_ai.response.finish_reasons': ['end_turn'],
        'gen_ai.usage.input_tokens': 111,
        'gen_ai.usage.output_tokens': 7,
        'gen_ai.usage.cache_read.input_tokens': 10,
        'gen_ai.usage.cache_creation.input_tokens': 100,
      },
    ],
    ['messages', { id: 'i' }, { 'gen_ai.response.id': 'i' }],
    [
      'responses',
      {
        id: 'i',
        usage: {
          input_tokens: 1,
          output_tokens: 2,
          input_tokens_details: { cached_tokens: 3 },
          output_tokens_details: { reasoning_tokens: 4 },
        },
      },
      {
        'gen_ai.response.id': 'i',
        'gen_ai.usage.input_tokens': 1,
        'gen_ai.usage.output_tokens': 2,
        'gen_ai.usage.cache_read.input_tokens': 3,
        'gen_ai.usage.reasoning.output_tokens': 4,
      },
    ],
    [
      'embeddings',
      { model: 'e', data: [{ embedding: [0.1, 0.2] }], usage: { prompt_tokens: 3, total_tokens: 3 } },
      { 'gen_ai.response.model': 'e', 'gen_ai.usage.input_tokens': 3, 'gen_ai.embeddings.dimension.count': 2 },
    ],
    ['embeddings', { data: [{ embedding: 'AAAA' }] }, {}],
    ['count-tokens', { input_tokens: 0 }, { 'gen_ai.usage.input_tokens': 0 }],
    ['input-tokens', { input_tokens: 4 }, { 'gen_ai.usage.input_tokens': 4 }],
    ['rerank', { id: 'x', results: [] }, {}],
  ])('of %s %j', (endpoint, document, expected) => {
    expect(answered(endpoint, document)).toEqual(expected);
  });

  it.each<[EndpointName, JsonObject, unknown]>([
    [
      'chat-completions',
      {
        choices: [
          {
            message: { content: 'hi', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] },
            finish_reason: 'stop',
          },
        ],
      },
      [
        {
          role: 'assistant',
          parts: [
            { type: 'text', content: 'hi' },
            { type: 'tool_call', id: 'c', name: 'f', arguments: '{}' },
          ],
          finish_reason: 'stop',
        },
      ],
    ],
    ['completions', { choices: [{ text: 'x' }] }, [{ role: 'assistant', parts: [{ type: 'text', content: 'x' }] }]],
    [
      'messages',
      { role: 'assistant', content: [{ type: 'text', text: 'x' }], stop_reason: 'end_turn' },
      [{ role: 'assistant', parts: [{ type: 'text', content: 'x' }], finish_reason: 'end_turn' }],
    ],
    ['messages', { role: 'assistant', content: [] }, undefined],
    [
      'responses',
      {
        output: [
          { type: 'reasoning' },
          {
            type: 'message',
            content: [
              { type: 'output_text', text: 'x' },
              { type: 'refusal', refusal: 'n' },
            ],
          },
        ],
      },
      [
        {
          role: 'assistant',
          parts: [{ type: 'reasoning' }, { type: 'text', content: 'x' }, { type: 'text', content: 'n' }],
        },
      ],
    ],
    ['embeddings', {}, undefined],
  ])('of %s have the output %#', (endpoint, document, expected) => {
    expect(output(endpoint, document)).toEqual(expected);
  });

  it('say nothing when they are no JSON', () => {
    expect(genAi(CAPTURE).answer(request('speech', {}), { kind: 'binary', sizeBytes: 3 })).toEqual({});
    expect(genAi(CAPTURE).answer(request('transcriptions', {}), { kind: 'text', text: 'x' })).toEqual({});
  });

  it('never throw, nor do requests, whatever the JSON is', () => {
    const names = [
      'messages',
      'choices',
      'usage',
      'tools',
      'system',
      'input',
      'output',
      'prompt',
      'data',
      'stop',
      'content',
    ];
    const document = fc.dictionary(
      fc.constantFrom(...names),
      fc.jsonValue({ maxDepth: 4 }),
    ) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(fc.constantFrom(...ENDPOINT_NAMES), document, (endpoint, found) => {
        expect(genAi(CAPTURE).start(request(endpoint, found)).kind).toBe(SpanKind.CLIENT);
        expect(answered(endpoint, found, CAPTURE)).toBeDefined();
      }),
    );
  });
});

describe('genAi, failures', () => {
  it.each([
    [400, '400'],
    [429, '429'],
    [500, '500'],
    [502, '500'],
    [503, '500'],
    [504, '504'],
    [302, '_OTHER'],
    [undefined, '_OTHER'],
  ])('calls status %s %s', (status, expected) => {
    expect(genAi({}).failure({ status, body: '' }).attributes).toEqual({ 'error.type': expected });
  });

  it.each([
    [{ status: 429, body: 'busy' }, 'Error code: 429 - busy', '429'],
    [{ status: 429, body: '' }, 'Error code: 429', '429'],
    [{ status: undefined, body: '', reason: 'cancelled' }, 'cancelled before the answer was complete', 'cancelled'],
    [{ status: undefined, body: '', reason: 'internal' }, 'the gateway failed to handle the request', '_OTHER'],
    [{ status: undefined, body: 'x', reason: 'error-event' }, 'error event in the stream - x', '_OTHER'],
  ] as const)('describes %j when content is captured', (failure, description, type) => {
    expect(genAi(CAPTURE).failure(failure)).toEqual({ attributes: { 'error.type': type }, events: [], description });
  });
});
