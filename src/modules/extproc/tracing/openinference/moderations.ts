import { isJsonArray, objectOf, type JsonObject, type JsonValue } from '../../codec/json-value.js';
import { attributeKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import {
  nonEmpty,
  setImagePart,
  setInput,
  setKind,
  setOutputType,
  setOutputValue,
  setTextPart,
} from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { setInvocationParameters } from './invocation-parameters.js';
import { hiddenIf, type Redaction } from './redaction.js';

/** Not in the reference: recorded as a chat would be, texts and parts as messages of a user. */
export const moderations: EndpointSpans = {
  name: 'Moderation',
  request(record, view, redaction) {
    const { document } = view;
    setKind(record, 'LLM', 'openai');
    record.set(attributeKeys.model, nonEmpty(view.request.model));
    setInput(record, view, redaction);
    setInvocationParameters(record, document, ['input'], redaction);
    if (!redaction.hidesInputMessages) setModerated(record, document['input'], redaction);
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    record.set(attributeKeys.model, nonEmpty(answer.document['model']));
    setOutputType(record, redaction);
    setOutputValue(record, () => answer.text, redaction);
  },
};

/** A text, several of them, or the parts of one message. */
function setModerated(record: AttributeRecord, input: JsonValue | undefined, redaction: Redaction): void {
  const items = isJsonArray(input) ? input : input === undefined ? [] : [input];
  if (!items.every((item) => typeof item === 'string')) return setParts(record, items, redaction);
  for (const [index, text] of items.entries()) {
    const keys = attributeKeys.inputMessage(index);
    record.setItem(keys.role, 'user');
    record.setItem(keys.content, hiddenIf(redaction.hidesInputText, text));
  }
}

function setParts(record: AttributeRecord, parts: readonly JsonValue[], redaction: Redaction): void {
  const keys = attributeKeys.inputMessage(0);
  record.setItem(keys.role, 'user');
  for (const [index, item] of parts.entries()) {
    const { type, text, image_url: image }: JsonObject = objectOf(item);
    if (type === 'text' && typeof text === 'string') {
      setTextPart(record, keys, { index, text, isHidden: redaction.hidesInputText });
    } else if (type === 'image_url' && !redaction.hidesInputImages) {
      setImagePart(record, keys, index, nonEmpty(objectOf(image)['url']));
    }
  }
}
