import { createHash } from 'node:crypto';
import { UserFacingError } from '../../../shared/errors.js';

/** A whole JSON answer, or the events of a stream in order; the server adds the SSE framing and `[DONE]`. */
export type DemoAnswer = { readonly json: object } | { readonly events: readonly object[] };

export type JsonObject = Readonly<Record<string, unknown>>;

/** 2026-01-01T00:00:00Z: answers hold no clock, so that equal requests get equal bytes. */
const CREATED_SECONDS = 1_767_225_600;
const CHOICES_MAX = 8;
const ECHO_LENGTH_MAX = 200;
const EMBEDDING_INPUTS_MAX = 2048;
const EMBEDDING_DIMENSIONS_DEFAULT = 256;
const EMBEDDING_DIMENSIONS_MAX = 4096;
export const DEMO_MODELS = ['demo-chat', 'demo-embedding'] as const;

/** The request is not one that an OpenAI-compatible provider takes; `param` is the member at fault. */
export class InvalidDemoRequest extends UserFacingError {
  override readonly name = 'InvalidDemoRequest';
  constructor(
    message: string,
    readonly param: string | null,
  ) {
    super(message);
  }
}

/** `/v1/chat/completions`: tells who answered and repeats the last user message. */
export function answerChat(instance: string, body: JsonObject): DemoAnswer {
  const model = readModel(body);
  const messages = readMessages(body);
  const said = messages.findLast((message) => message.role === 'user')?.text ?? '';
  const written = limitWords(replyText(instance, model, said), readTokenLimit(body));
  const usage = chatUsage(messages.map((message) => message.text).join('\n'), written.text, readChoiceCount(body));
  const common = { id: `chatcmpl-demo-${digest(body)}`, created: CREATED_SECONDS, model, system_fingerprint: instance };
  const choices = Array.from({ length: readChoiceCount(body) }, (_, index) => index);
  if (!readFlag(body, 'stream')) {
    return {
      json: {
        ...common,
        object: 'chat.completion',
        choices: choices.map((index) => ({
          index,
          message: { role: 'assistant', content: written.text, refusal: null },
          logprobs: null,
          finish_reason: written.finishReason,
        })),
        usage,
      },
    };
  }
  const withUsage = wantsUsage(body);
  const chunk = (parts: object) => ({
    ...common,
    object: 'chat.completion.chunk',
    ...parts,
    ...(withUsage && !('usage' in parts) ? { usage: null } : {}),
  });
  const delta = (index: number, value: object, finish_reason: string | null = null) =>
    chunk({ choices: [{ index, delta: value, logprobs: null, finish_reason }] });
  return {
    events: [
      ...choices.flatMap((index) => [
        delta(index, { role: 'assistant', content: '' }),
        ...words(written.text).map((content) => delta(index, { content })),
        delta(index, {}, written.finishReason),
      ]),
      ...(withUsage ? [chunk({ choices: [], usage })] : []),
    ],
  };
}

/** `/v1/completions`. */
export function answerCompletion(instance: string, body: JsonObject): DemoAnswer {
  const model = readModel(body);
  const prompt = body['prompt'];
  const prompts = Array.isArray(prompt) ? prompt : [prompt];
  if (prompts.length === 0 || !prompts.every((one) => typeof one === 'string')) {
    throw new InvalidDemoRequest('"prompt" must be a string or a list of strings', 'prompt');
  }
  const written = prompts.map((one: string) => limitWords(replyText(instance, model, one), readTokenLimit(body)));
  const usage = countUsage(prompts.join('\n'), written.map((one) => one.text).join('\n'));
  const common = {
    id: `cmpl-demo-${digest(body)}`,
    object: 'text_completion',
    created: CREATED_SECONDS,
    model,
    system_fingerprint: instance,
  };
  const choice = (index: number, text: string, finish_reason: string | null) => ({
    index,
    text,
    logprobs: null,
    finish_reason,
  });
  if (!readFlag(body, 'stream')) {
    return {
      json: { ...common, choices: written.map((one, index) => choice(index, one.text, one.finishReason)), usage },
    };
  }
  return {
    events: [
      ...written.flatMap((one, index) => [
        ...words(one.text).map((text) => ({ ...common, choices: [choice(index, text, null)] })),
        { ...common, choices: [choice(index, '', one.finishReason)] },
      ]),
      ...(wantsUsage(body) ? [{ ...common, choices: [], usage }] : []),
    ],
  };
}

/** `/v1/embeddings`: unit vectors that depend on nothing but the input text and the number of dimensions. */
export function answerEmbeddings(body: JsonObject): DemoAnswer {
  const model = readModel(body);
  const inputs = readEmbeddingInputs(body['input']);
  const dimensions = body['dimensions'] ?? EMBEDDING_DIMENSIONS_DEFAULT;
  if (
    typeof dimensions !== 'number' ||
    !Number.isInteger(dimensions) ||
    dimensions < 1 ||
    dimensions > EMBEDDING_DIMENSIONS_MAX
  ) {
    throw new InvalidDemoRequest(`"dimensions" must be an integer from 1 to ${EMBEDDING_DIMENSIONS_MAX}`, 'dimensions');
  }
  const format = body['encoding_format'] ?? 'float';
  if (format !== 'float' && format !== 'base64') {
    throw new InvalidDemoRequest('"encoding_format" must be "float" or "base64"', 'encoding_format');
  }
  const tokens = inputs.reduce((sum, input) => sum + countTokens(input), 0);
  return {
    json: {
      object: 'list',
      data: inputs.map((input, index) => {
        const vector = unitVector(input, dimensions);
        return { object: 'embedding', index, embedding: format === 'base64' ? toBase64(vector) : [...vector] };
      }),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
  };
}

export const answerModels = (): object => ({
  object: 'list',
  data: DEMO_MODELS.map((id) => ({ id, object: 'model', created: CREATED_SECONDS, owned_by: 'demo' })),
});

/** One token per four characters, rounded up: easy to foretell in a test or on paper. */
export const countTokens = (text: string): number => Math.ceil(text.length / 4);

const replyText = (instance: string, model: string, said: string): string =>
  `Hello from ${instance}, speaking as ${model}. You said: ${said.slice(0, ECHO_LENGTH_MAX)}`;

/** The text cut behind each blank, so that the pieces joined are the text. */
const words = (text: string): string[] => text.match(/\S*\s+|\S+$/g) ?? [];

/** A token limit counts words here: a demo answer that was cut shows it. */
function limitWords(text: string, limit: number | undefined): { text: string; finishReason: 'stop' | 'length' } {
  const all = words(text);
  if (limit === undefined || all.length <= limit) return { text, finishReason: 'stop' };
  return { text: all.slice(0, limit).join('').trimEnd(), finishReason: 'length' };
}

const countUsage = (prompt: string, completion: string, times = 1) => {
  const prompt_tokens = countTokens(prompt);
  const completion_tokens = countTokens(completion) * times;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
};

const chatUsage = (prompt: string, completion: string, times: number) => ({
  ...countUsage(prompt, completion, times),
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
});

const digest = (body: JsonObject): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16);

function unitVector(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (let block = 0; block * 8 < dimensions; block++) {
    const bytes = createHash('sha256').update(`${block}\n${text}`).digest();
    for (let i = 0; i < 8 && block * 8 + i < dimensions; i++) {
      // Never zero, so the length below is never zero either.
      vector[block * 8 + i] = (bytes.readInt32BE(i * 4) + 0.5) / 2 ** 31;
    }
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

const toBase64 = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');

function readModel(body: JsonObject): string {
  const model = body['model'];
  if (typeof model !== 'string' || model === '') throw new InvalidDemoRequest('you must provide a "model"', 'model');
  return model;
}

function readFlag(body: JsonObject, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== 'boolean') throw new InvalidDemoRequest(`"${name}" must be true or false`, name);
  return value;
}

function readChoiceCount(body: JsonObject): number {
  const count = body['n'] ?? 1;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > CHOICES_MAX) {
    throw new InvalidDemoRequest(`"n" must be an integer from 1 to ${CHOICES_MAX}`, 'n');
  }
  return count;
}

function readTokenLimit(body: JsonObject): number | undefined {
  const name = 'max_completion_tokens' in body ? 'max_completion_tokens' : 'max_tokens';
  const limit = body[name] ?? undefined;
  if (limit === undefined) return undefined;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw new InvalidDemoRequest(`"${name}" must be an integer of at least 1`, name);
  }
  return limit;
}

function wantsUsage(body: JsonObject): boolean {
  const streamOptions = body['stream_options'] ?? {};
  if (!isObject(streamOptions)) throw new InvalidDemoRequest('"stream_options" must be an object', 'stream_options');
  return readFlag(streamOptions, 'include_usage');
}

function readMessages(body: JsonObject): { role: string; text: string }[] {
  const messages = body['messages'];
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new InvalidDemoRequest('"messages" must be a list with at least one message', 'messages');
  }
  return messages.map((message: unknown, index) => {
    if (!isObject(message) || typeof message['role'] !== 'string') {
      throw new InvalidDemoRequest(`"messages[${index}]" must be an object with a "role"`, `messages[${index}].role`);
    }
    return { role: message['role'], text: textOf(message['content']) };
  });
}

/** Text of a message; parts that are no text (images, audio) count as nothing. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('');
}

/** A text, a list of texts, a list of tokens or a list of lists of tokens. */
function readEmbeddingInputs(input: unknown): string[] {
  const isTokens = (value: unknown): value is number[] =>
    Array.isArray(value) && value.length > 0 && value.every((token) => typeof token === 'number');
  const list = typeof input === 'string' || isTokens(input) ? [input] : input;
  if (
    !Array.isArray(list) ||
    list.length === 0 ||
    list.length > EMBEDDING_INPUTS_MAX ||
    !list.every((one: unknown) => typeof one === 'string' || isTokens(one))
  ) {
    throw new InvalidDemoRequest(
      `"input" must be a text, a list of at most ${EMBEDDING_INPUTS_MAX} texts, or lists of tokens`,
      'input',
    );
  }
  return list.map((one: string | number[]) => (typeof one === 'string' ? one : one.join(' ')));
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
