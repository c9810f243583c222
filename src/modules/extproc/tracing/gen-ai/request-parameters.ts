import type { Attributes } from '@opentelemetry/api';
import { arrayOf, isJsonObject, numberOf, stringOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import type { EndpointName } from '../../endpoints/endpoint.js';

/** Parameters that the client gave, also zeros, in the order of the convention. @see spec observability.md section 5 */
export function requestParameters(endpoint: EndpointName, body: JsonObject): Attributes {
  switch (endpoint) {
    case 'chat-completions':
      return {
        ...openAIParameters(body),
        ...maxTokens(body['max_completion_tokens'] ?? body['max_tokens']),
        ...stop(body['stop']),
      };
    case 'completions':
      return { ...openAIParameters(body), ...maxTokens(body['max_tokens']), ...stop(body['stop']) };
    case 'responses':
      return { ...sampling(body), ...maxTokens(body['max_output_tokens']), ...conversation(body['conversation']) };
    case 'messages':
      return {
        ...sampling(body),
        ...number('gen_ai.request.top_k', body['top_k']),
        ...((numberOf(body['max_tokens']) ?? 0) > 0 && maxTokens(body['max_tokens'])),
        ...stop(body['stop_sequences']),
      };
    case 'embeddings': {
      const format = stringOf(body['encoding_format']);
      return format ? { 'gen_ai.request.encoding_formats': [format] } : {};
    }
    default:
      return {};
  }
}

const openAIParameters = (body: JsonObject): Attributes => ({
  ...sampling(body),
  ...number('gen_ai.request.frequency_penalty', body['frequency_penalty']),
  ...number('gen_ai.request.presence_penalty', body['presence_penalty']),
  ...number('gen_ai.request.seed', body['seed']),
  ...number('gen_ai.request.choice.count', body['n']),
});

const sampling = (body: JsonObject): Attributes => ({
  ...number('gen_ai.request.temperature', body['temperature']),
  ...number('gen_ai.request.top_p', body['top_p']),
});

function number(name: string, value: JsonValue | undefined): Attributes {
  const found = numberOf(value);
  return found === undefined ? {} : { [name]: found };
}

const maxTokens = (value: JsonValue | undefined) => number('gen_ai.request.max_tokens', value);

/** One text is a list of one. */
function stop(value: JsonValue | undefined): Attributes {
  const one = stringOf(value);
  const sequences = one === undefined ? arrayOf(value).flatMap((item) => stringOf(item) ?? []) : [one];
  return sequences.length === 0 || one === '' ? {} : { 'gen_ai.request.stop_sequences': sequences };
}

function conversation(value: JsonValue | undefined): Attributes {
  const id = isJsonObject(value) ? stringOf(value['id']) : stringOf(value);
  return id ? { 'gen_ai.conversation.id': id } : {};
}
