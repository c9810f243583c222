import { arrayOf, isJsonArray, objectOf, stringOf, type JsonObject } from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import { attributeKeys, type MessageKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import {
  nonEmpty,
  setImagePart,
  setInput,
  setKind,
  setOutputType,
  setOutputValue,
  setTextPart,
  setToolCall,
  setTools,
} from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { setInvocationParameters } from './invocation-parameters.js';
import { hiddenIf, type Redaction } from './redaction.js';
import type { RequestView } from './request-view.js';
import { setChatTokenCounts } from './token-counts.js';

/** @see spec observability.md 4.2, 4.3 `chat` */
export const chat: EndpointSpans = {
  name: 'ChatCompletion',
  request(record, view, redaction) {
    const { document } = view;
    setKind(record, 'LLM', 'openai');
    record.set(attributeKeys.model, view.request.model);
    setInput(record, view, redaction);
    setInvocationParameters(record, document, ['messages', 'tools'], redaction);
    setInputMessages(record, view, redaction);
    setTools(record, document, redaction);
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    const { document, text } = answer;
    record.set(attributeKeys.model, nonEmpty(document['model']));
    setOutputType(record, redaction);
    if (!redaction.hidesOutputMessages) setChoices(record, answer, redaction);
    setChatTokenCounts(record, document['usage']);
    setOutputValue(record, () => text, redaction);
  },
};

function setInputMessages(record: AttributeRecord, { document }: RequestView, redaction: Redaction): void {
  if (redaction.hidesInputMessages) return;
  for (const [index, item] of arrayOf(document['messages']).entries()) {
    setInputMessage(record, attributeKeys.inputMessage(index), objectOf(item), redaction);
  }
}

/** Tool calls and their ids are ours. @see spec observability.md 12.1 row 11 */
function setInputMessage(record: AttributeRecord, keys: MessageKeys, message: JsonObject, redaction: Redaction): void {
  const { content } = message;
  record.setItem(keys.role, stringOf(message['role']) ?? '');
  if (isJsonArray(content)) setParts(record, keys, message, redaction);
  else setText(record, keys, content, redaction.hidesInputText);
  setToolCalls(record, keys, message, redaction.hidesInputText);
  record.setItem(keys.toolCallId, nonEmpty(message['tool_call_id']));
}

function setText(record: AttributeRecord, keys: MessageKeys, content: JsonObject[string], isHidden: boolean): void {
  const text = nonEmpty(content);
  if (text !== undefined) record.setItem(keys.content, hiddenIf(isHidden, text));
}

/** Texts of all, images of users only. Audio and files are not recorded. */
function setParts(record: AttributeRecord, keys: MessageKeys, message: JsonObject, redaction: Redaction): void {
  for (const [index, item] of arrayOf(message['content']).entries()) {
    const part = objectOf(item);
    const text = nonEmpty(part['text']);
    const url = nonEmpty(objectOf(part['image_url'])['url']);
    if (part['type'] === 'text' && text !== undefined) {
      setTextPart(record, keys, { index, text, isHidden: redaction.hidesInputText });
    } else if (part['type'] === 'image_url' && message['role'] === 'user' && !redaction.hidesInputImages) {
      if (url !== undefined) setImagePart(record, keys, index, url);
    }
  }
}

function setToolCalls(record: AttributeRecord, keys: MessageKeys, message: JsonObject, hidesText: boolean): void {
  for (const [index, item] of arrayOf(message['tool_calls']).entries()) {
    const call = objectOf(item);
    const { name, args } = calledTool(call);
    setToolCall(record, keys.toolCall(index), {
      id: nonEmpty(call['id']),
      name,
      // Not hidden by the reference. @see spec observability.md 12.2 row 5
      arguments: args === undefined ? undefined : hiddenIf(hidesText, args),
    });
  }
}

function calledTool(call: JsonObject): { readonly name: string | undefined; readonly args: string | undefined } {
  const { function: called, custom } = call;
  if (call['type'] !== 'custom') {
    return { name: nonEmpty(objectOf(called)['name']), args: stringOf(objectOf(called)['arguments']) };
  }
  const { name, input } = objectOf(custom);
  return { name: nonEmpty(name), args: JSON.stringify({ input: input ?? '' }) };
}

type JsonAnswer = Extract<TracedAnswer, { kind: 'json' }>;

function setChoices(record: AttributeRecord, { document }: JsonAnswer, { hidesOutputText }: Redaction): void {
  for (const [index, choice] of arrayOf(document['choices']).entries()) {
    const message = objectOf(objectOf(choice)['message']);
    const keys = attributeKeys.outputMessage(index);
    record.setItem(keys.role, stringOf(message['role']) ?? '');
    setText(record, keys, message['content'], hidesOutputText);
    setToolCalls(record, keys, message, hidesOutputText);
  }
}
