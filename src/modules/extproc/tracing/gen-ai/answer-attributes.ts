import type { Attributes } from '@opentelemetry/api';
import {
  arrayOf,
  isJsonArray,
  numberOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import type { EndpointName } from '../../endpoints/endpoint.js';

/** Id, model, finish reasons and usage of an answer. @see spec observability.md section 5 */
export function answerAttributes(endpoint: EndpointName, answer: JsonObject): Attributes {
  switch (endpoint) {
    case 'chat-completions':
      return { ...identity(answer), ...finishReasons(choiceReasons(answer)), ...chatUsage(objectOf(answer['usage'])) };
    case 'completions': {
      const usage = objectOf(answer['usage']);
      return {
        ...identity(answer),
        ...count(INPUT_TOKENS, usage['prompt_tokens']),
        ...count(OUTPUT_TOKENS, usage['completion_tokens']),
      };
    }
    case 'messages':
      return {
        ...identity(answer),
        ...finishReasons([stringOf(answer['stop_reason']) ?? '']),
        ...messagesUsage(objectOf(answer['usage'])),
      };
    case 'responses':
      return { ...identity(answer), ...responsesUsage(objectOf(answer['usage'])) };
    case 'embeddings':
      return embeddingsAttributes(answer);
    case 'count-tokens':
    case 'input-tokens':
      return { [INPUT_TOKENS]: numberOf(answer['input_tokens']) ?? 0 };
    default:
      return {};
  }
}

const INPUT_TOKENS = 'gen_ai.usage.input_tokens';
const OUTPUT_TOKENS = 'gen_ai.usage.output_tokens';
const CACHE_READ = 'gen_ai.usage.cache_read.input_tokens';
const CACHE_CREATION = 'gen_ai.usage.cache_creation.input_tokens';
const REASONING = 'gen_ai.usage.reasoning.output_tokens';

const identity = (answer: JsonObject): Attributes => ({
  ...text('gen_ai.response.id', answer['id']),
  ...text('gen_ai.response.model', answer['model']),
});

function text(name: string, value: JsonValue | undefined): Attributes {
  const found = stringOf(value);
  return found ? { [name]: found } : {};
}

/** Zeros are not told. */
function count(name: string, value: JsonValue | undefined): Attributes {
  const found = numberOf(value) ?? 0;
  return found > 0 ? { [name]: found } : {};
}

const choiceReasons = (answer: JsonObject) =>
  arrayOf(answer['choices']).map((choice) => stringOf(objectOf(choice)['finish_reason']) ?? '');

function finishReasons(reasons: readonly string[]): Attributes {
  const told = reasons.filter((reason) => reason !== '');
  return told.length === 0 ? {} : { 'gen_ai.response.finish_reasons': told };
}

function chatUsage(usage: JsonObject): Attributes {
  const input = objectOf(usage['prompt_tokens_details']);
  return {
    ...count(INPUT_TOKENS, usage['prompt_tokens']),
    ...count(OUTPUT_TOKENS, usage['completion_tokens']),
    ...count(CACHE_READ, input['cached_tokens']),
    ...count(CACHE_CREATION, input['cache_creation_input_tokens']),
    ...count(REASONING, objectOf(usage['completion_tokens_details'])['reasoning_tokens']),
  };
}

/** Input includes what was read from and written to a cache, as the convention asks. @see spec observability.md 12.1 row 9 */
function messagesUsage(usage: JsonObject): Attributes {
  const read = numberOf(usage['cache_read_input_tokens']) ?? 0;
  const created = numberOf(usage['cache_creation_input_tokens']) ?? 0;
  return {
    ...count(INPUT_TOKENS, (numberOf(usage['input_tokens']) ?? 0) + read + created),
    ...count(OUTPUT_TOKENS, usage['output_tokens']),
    ...count(CACHE_READ, read),
    ...count(CACHE_CREATION, created),
  };
}

const responsesUsage = (usage: JsonObject): Attributes => ({
  ...count(INPUT_TOKENS, usage['input_tokens']),
  ...count(OUTPUT_TOKENS, usage['output_tokens']),
  ...count(CACHE_READ, objectOf(usage['input_tokens_details'])['cached_tokens']),
  ...count(REASONING, objectOf(usage['output_tokens_details'])['reasoning_tokens']),
});

function embeddingsAttributes(answer: JsonObject): Attributes {
  const vector = objectOf(arrayOf(answer['data'])[0])['embedding'];
  return {
    ...text('gen_ai.response.model', answer['model']),
    ...count(INPUT_TOKENS, objectOf(answer['usage'])['prompt_tokens']),
    ...(isJsonArray(vector) && vector.length > 0 && { 'gen_ai.embeddings.dimension.count': vector.length }),
  };
}
