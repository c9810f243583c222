import { describe, expect, it } from '@jest/globals';
import { SpanKind } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { isJsonObject, parseJsonLeniently, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import { parseMultipart } from '../../codec/multipart.js';
import { ENDPOINT_NAMES, type EndpointName } from '../../endpoints/endpoint.js';
import type { TracedAnswer, TracedRequest } from '../span-convention.js';
import { ITEM_ATTRIBUTES_MAX } from './attribute-record.js';
import { openInference } from './open-inference.js';
import { HIDE_CONTENT } from './redaction.js';

type Env = Readonly<Record<string, string>>;

function documentFrom(text: string): JsonObject {
  const value = parseJsonLeniently(Buffer.from(text));
  return isJsonObject(value) ? value : {};
}

const requestOf = (endpoint: EndpointName, text: string, model = 'm'): TracedRequest => ({
  endpoint,
  model,
  isStreaming: false,
  body: Buffer.from(text),
  form: undefined,
  document: () => documentFrom(text),
});

function formRequest(endpoint: EndpointName, value: string): TracedRequest {
  const names = ['prompt', 'file', 'image', 'language', 'instructions'];
  const parts = names.map((name) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  const body = Buffer.from(`${parts.join('')}--b--\r\n`);
  return {
    ...requestOf(endpoint, '{}'),
    body,
    form: parseMultipart(body, 'multipart/form-data; boundary=b'),
    document: () => {
      throw new Error('a form has no document');
    },
  };
}

const jsonAnswer = (text: string): TracedAnswer => ({ kind: 'json', document: documentFrom(text), text });

/** All that a convention says of a request, its answer and its failure. */
function everything(env: Env, request: TracedRequest, answer: TracedAnswer, body: string): string {
  const convention = openInference(env);
  return JSON.stringify([
    convention.start(request),
    convention.backend('openai'),
    convention.answer(request, answer),
    convention.failure({ status: 400, body }),
    convention.failure({ status: undefined, body, reason: 'error-event' }),
  ]);
}

const ENVIRONMENTS: readonly Env[] = [
  {},
  { OPENINFERENCE_HIDE_INPUTS: '1' },
  { OPENINFERENCE_HIDE_INPUT_TEXT: '1', OPENINFERENCE_HIDE_OUTPUT_TEXT: '1', OPENINFERENCE_HIDE_INPUT_IMAGES: '1' },
  { OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH: '0' },
  { [HIDE_CONTENT]: '1' },
];

describe('openInference', () => {
  it.each<{ env: Env; isUnlimited: boolean }>([
    { env: {}, isUnlimited: true },
    { env: { OPENINFERENCE_HIDE_INPUTS: '1' }, isUnlimited: true },
    { env: { OPENINFERENCE_HIDE_INPUTS: '1', OPENINFERENCE_HIDE_OUTPUT_MESSAGES: '1' }, isUnlimited: false },
    { env: { OPENINFERENCE_HIDE_INPUT_MESSAGES: '1', OPENINFERENCE_HIDE_OUTPUTS: '1' }, isUnlimited: false },
    { env: { OPENINFERENCE_HIDE_INPUT_TEXT: '1', OPENINFERENCE_HIDE_OUTPUT_TEXT: '1' }, isUnlimited: true },
    { env: { [HIDE_CONTENT]: '1' }, isUnlimited: false },
  ])('says $isUnlimited of unlimited attributes when the environment is $env', ({ env, isUnlimited }) => {
    expect(openInference(env).hasUnlimitedAttributes).toBe(isUnlimited);
  });

  it('has events for streams of tokens only', () => {
    const convention = openInference({});
    const withFirst = ENDPOINT_NAMES.filter((endpoint) => convention.firstChunkEvent(endpoint) !== undefined);
    const withCompleted = ENDPOINT_NAMES.filter((endpoint) => convention.completedEvent(endpoint) !== undefined);
    expect(withFirst).toEqual(['chat-completions', 'completions', 'responses', 'messages']);
    expect(withCompleted).toEqual(['responses']);
    expect(convention.firstChunkEvent('chat-completions')).toEqual({ name: 'First Token Stream Event' });
    expect(convention.completedEvent('responses')).toEqual({ name: 'Response Completed Event' });
  });

  it('makes internal spans that name no provider', () => {
    expect(openInference({}).start(requestOf('rerank', '{}')).kind).toBe(SpanKind.INTERNAL);
    expect(openInference({}).backend('openai')).toEqual({});
  });

  it('keeps numbers as the client wrote them', () => {
    const { attributes } = openInference({}).start(
      requestOf('chat-completions', '{"seed":9007199254740993,"top_p":1.0}'),
    );
    expect(attributes['llm.invocation_parameters']).toBe('{"seed":9007199254740993,"top_p":1.0}');
  });

  it('replaces a body that cannot be searched when images are hidden', () => {
    const request = { ...requestOf('chat-completions', '{"image_url":"u"}'), document: () => ({}) };
    const { attributes } = openInference({ OPENINFERENCE_HIDE_INPUT_IMAGES: '1' }).start(request);
    expect(attributes['input.value']).toBe('__REDACTED__');
  });

  it('records the bytes of the client when a large body has no large image', () => {
    const text = `{ "messages" : [],  "user":"${'x'.repeat(40_000)}" }`;
    const { attributes } = openInference({}).start(requestOf('chat-completions', text));
    expect(attributes['input.value']).toBe(text);
  });

  it('hides the image of a doubled member when images are hidden', () => {
    const text = '{"input":[{"image_url":"secret"}],"input":"hi"}';
    const { attributes } = openInference({ OPENINFERENCE_HIDE_INPUT_IMAGES: '1' }).start(requestOf('responses', text));
    expect(attributes['input.value']).toBe('{"input":"hi"}');
  });

  it('bounds the items of a request and of an answer but keeps what follows them', () => {
    const items = JSON.stringify(Array.from({ length: ITEM_ATTRIBUTES_MAX }, () => ({ role: 'user', content: 'x' })));
    const request = requestOf('chat-completions', `{"messages":${items}}`);
    const started = openInference({}).start(request).attributes;
    expect(started['aigateway.input.truncated']).toBe(true);
    expect(started['llm.input_messages.4999.message.content']).toBe('x');
    expect(started['llm.input_messages.5000.message.role']).toBeUndefined();
    const choices = `{"choices":${items},"usage":{"prompt_tokens":3}}`;
    const answered = openInference({}).answer(requestOf('completions', '{}'), jsonAnswer(choices));
    expect(answered['aigateway.output.truncated']).toBeUndefined();
    expect(answered['llm.token_count.prompt']).toBe(3);
    const messages = `{"choices":${items},"usage":{"prompt_tokens":3}}`.replaceAll(
      '{"role"',
      '{"message":{"role":"a"},"role"',
    );
    const tooMany = openInference({}).answer(
      request,
      jsonAnswer(messages.replace('[', '[{"message":{"content":"x"}},')),
    );
    expect(tooMany['aigateway.output.truncated']).toBe(true);
    expect(tooMany['llm.token_count.prompt']).toBe(3);
  });

  it('records nothing of speech that came as a stream or as another kind', () => {
    expect(openInference({}).answer(requestOf('speech', '{}'), { kind: 'text', text: 'x' })).toEqual({});
    expect(openInference({}).answer(requestOf('chat-completions', '{}'), { kind: 'text', text: 'x' })).toEqual({});
  });
});

/** Names of members that the APIs have, so that documents reach the code that reads them. */
const CONTENT_NAMES = (
  'messages content prompt input instructions system tools text query documents stop suffix prediction output choices ' +
  'message delta data results tool_calls function custom arguments name description id call_id tool_call_id image_url ' +
  'url source summary refusal embedding token_strs tokens language variables json_schema schema result transcript ' +
  '__proto__ constructor'
).split(' ');
const SHAPE_NAMES = 'usage metadata response_format tool_choice thinking reasoning meta'.split(' ');
const TYPES = (
  'text image_url input_text input_image output_text refusal message function_call custom_tool_call ' +
  'function_call_output computer_call computer_call_output web_search_call reasoning summary_text tool_use image custom ' +
  'function image_generation_call'
).split(' ');
const SECRET = 'planted secret';
const NESTING = 4;

/** Objects whose texts are the secret, but types and roles. */
function secretObject(nesting: number): fc.Arbitrary<JsonObject> {
  const leaf = fc.constantFrom<JsonValue>(SECRET, 1.5, null);
  const member = nesting === 0 ? leaf : fc.oneof(leaf, secretObject(nesting - 1), secretItems(nesting - 1));
  const shape = nesting === 0 ? fc.constant({}) : secretObject(nesting - 1);
  return fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom(...CONTENT_NAMES), member), { maxLength: 4 }),
      fc.array(fc.tuple(fc.constantFrom(...SHAPE_NAMES), shape), { maxLength: 1 }),
      fc.constantFrom(...TYPES),
      fc.constantFrom('user', 'assistant', 'tool'),
    )
    .map(([content, shapes, type, role]) =>
      Object.fromEntries([...content, ...shapes, ['type', type], ['role', role]]),
    );
}

const secretItems = (nesting: number) =>
  fc.array(fc.oneof(fc.constant(SECRET), secretObject(nesting)), { maxLength: 3 });

const secretDocument = secretObject(NESTING);

const anyEndpoint = fc.constantFrom(...ENDPOINT_NAMES);
const anyText = fc
  .oneof(secretDocument, fc.dictionary(fc.string(), fc.jsonValue()))
  .map((document) => JSON.stringify(document).replaceAll('1.5', '1.0'));
const anyAnswer = fc.oneof(
  anyText.map(jsonAnswer),
  fc.string().map((text): TracedAnswer => ({ kind: 'text', text })),
  fc.nat().map((sizeBytes): TracedAnswer => ({ kind: 'binary', sizeBytes })),
);

describe('laws of openInference', () => {
  it('never throws, whatever request and answer are', () => {
    fc.assert(
      fc.property(anyEndpoint, fc.constantFrom(...ENVIRONMENTS), anyText, anyAnswer, (endpoint, env, text, answer) => {
        expect(everything(env, requestOf(endpoint, text), answer, text)).toContain('openinference.span.kind');
      }),
      { numRuns: 500 },
    );
  });

  it('never records content when inputs and outputs are hidden', () => {
    fc.assert(
      fc.property(anyEndpoint, secretDocument, secretDocument, (endpoint, request, answer) => {
        const env = { OPENINFERENCE_HIDE_INPUTS: 'true', OPENINFERENCE_HIDE_OUTPUTS: 'true' };
        const traced = requestOf(endpoint, JSON.stringify(request));
        expect(everything(env, traced, jsonAnswer(JSON.stringify(answer)), SECRET)).not.toContain(SECRET);
        expect(everything(env, traced, { kind: 'text', text: SECRET }, SECRET)).not.toContain(SECRET);
      }),
      { numRuns: 500 },
    );
  });

  it.each<EndpointName>(['images-edits', 'images-variations', 'transcriptions', 'audio-translations'])(
    'never records fields of forms of %s when inputs are hidden',
    (endpoint) => {
      const request = formRequest(endpoint, SECRET);
      const answer = jsonAnswer('{}');
      expect(everything({ OPENINFERENCE_HIDE_INPUTS: '1' }, request, answer, '')).not.toContain(SECRET);
    },
  );

  it('records content when nothing is hidden', () => {
    const text = `{"messages":[{"content":"${SECRET}"}]}`;
    expect(everything({}, requestOf('chat-completions', text), jsonAnswer('{}'), '')).toContain(SECRET);
    expect(everything({}, formRequest('images-edits', SECRET), jsonAnswer('{}'), '')).toContain(SECRET);
    expect(everything({}, requestOf('chat-completions', '{}'), jsonAnswer('{}'), SECRET)).toContain(SECRET);
  });
});
