import type { Attributes } from '@opentelemetry/api';
import { arrayOf, isJsonObject, objectOf, stringOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import type { EndpointName } from '../../endpoints/endpoint.js';
import { chatParts, messageParts, partsOf, responseItem, type ContentMessage } from './content-parts.js';

/** Texts of an answer; only to be recorded when that is asked for. @see spec observability.md section 5, "Content" */
export function answerContent(endpoint: EndpointName, answer: JsonObject): Attributes {
  const messages = outputMessages(endpoint, answer);
  return messages.length === 0 ? {} : { 'gen_ai.output.messages': JSON.stringify(messages) };
}

function outputMessages(endpoint: EndpointName, answer: JsonObject): readonly ContentMessage[] {
  switch (endpoint) {
    case 'chat-completions':
      return arrayOf(answer['choices']).map((item) => {
        const choice = objectOf(item);
        const message = objectOf(choice['message']);
        return output(stringOf(message['role']), chatParts(message), choice['finish_reason']);
      });
    case 'completions':
      return arrayOf(answer['choices']).map((item) => {
        const choice = objectOf(item);
        return output(
          'assistant',
          partsOf(choice['text'], () => []),
          choice['finish_reason'],
        );
      });
    case 'messages': {
      const message = output(stringOf(answer['role']), messageParts(answer['content']), answer['stop_reason']);
      return message.parts.length === 0 && message.finish_reason === undefined ? [] : [message];
    }
    case 'responses': {
      const items = arrayOf(answer['output']).flatMap((item) => (isJsonObject(item) ? (responseItem(item) ?? []) : []));
      const parts = items.flatMap((item) => item.parts);
      return parts.length === 0 ? [] : [{ role: 'assistant', parts }];
    }
    default:
      return [];
  }
}

function output(
  role: string | undefined,
  parts: ContentMessage['parts'],
  finishReason: JsonValue | undefined,
): ContentMessage {
  const reason = stringOf(finishReason);
  return { role: role || 'assistant', parts, ...(reason && { finish_reason: reason }) };
}
