import { arrayOf, isJsonArray, objectOf, stringOf, type JsonObject } from '../../codec/json-value.js';
import { attributeKeys, type MessageKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import {
  nonEmpty,
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
import { setMessagesTokenCounts } from './token-counts.js';

/** Anthropic's. @see spec observability.md 4.2, 4.3 `messages` */
export const messages: EndpointSpans = {
  name: 'Message',
  request(record, view, redaction) {
    const { document } = view;
    setKind(record, 'LLM', 'anthropic');
    record.set(attributeKeys.model, view.request.model);
    setInput(record, view, redaction);
    setInvocationParameters(record, document, ['messages', 'tools'], redaction);
    if (!redaction.hidesInputMessages) {
      for (const [index, item] of arrayOf(document['messages']).entries()) {
        setInputMessage(record, attributeKeys.inputMessage(index), objectOf(item), redaction);
      }
    }
    setTools(record, document, redaction);
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    const { document, text } = answer;
    record.set(attributeKeys.model, stringOf(document['model']) ?? '');
    setOutputType(record, redaction);
    if (!redaction.hidesOutputMessages) setOutputMessages(record, document, redaction);
    setMessagesTokenCounts(record, document['usage']);
    setOutputValue(record, () => text, redaction);
  },
};

function setInputMessage(
  record: AttributeRecord,
  keys: MessageKeys,
  { role, content }: JsonObject,
  { hidesInputText: isHidden }: Redaction,
): void {
  record.setItem(keys.role, stringOf(role) ?? '');
  if (typeof content === 'string') record.setItem(keys.content, hiddenIf(isHidden, content));
  if (!isJsonArray(content)) return;
  for (const [index, item] of content.entries()) {
    const { type, text } = objectOf(item);
    if (type === 'text' && typeof text === 'string') setTextPart(record, keys, { index, text, isHidden });
  }
}

/** Each block is a message of its own. */
function setOutputMessages(record: AttributeRecord, document: JsonObject, { hidesOutputText }: Redaction): void {
  const role = stringOf(document['role']) ?? '';
  for (const [index, item] of arrayOf(document['content']).entries()) {
    const { type, text, id, name, input } = objectOf(item);
    const keys = attributeKeys.outputMessage(index);
    record.setItem(keys.role, role);
    if (type === 'text' && typeof text === 'string') record.setItem(keys.content, hiddenIf(hidesOutputText, text));
    if (type !== 'tool_use') continue;
    setToolCall(record, keys.toolCall(0), {
      id: nonEmpty(id),
      name: nonEmpty(name),
      // Not hidden by the reference. @see spec observability.md 12.2 row 5
      arguments: hiddenIf(hidesOutputText, JSON.stringify(input ?? {})),
    });
  }
}
