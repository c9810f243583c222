import { arrayOf, isJsonArray, objectOf, type JsonObject } from '../../codec/json-value.js';
import { attributeKeys, JSON_TYPE } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import { nonEmpty, setInputText, setKind, setOutputValue, setTools } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { setInvocationParameters, without } from './invocation-parameters.js';
import { hiddenIf, type Redaction } from './redaction.js';
import { setItem } from './response-items.js';
import { setResponsesTokenCounts } from './token-counts.js';

/** Members of a response that repeat its request. */
const ECHOES = ['instructions', 'prompt', 'tools', 'metadata'];

/** @see spec observability.md 4.2, 4.3 `responses`, 4.3.1 */
export const responses: EndpointSpans = {
  name: 'Responses',
  request(record, view, redaction) {
    const { document } = view;
    setKind(record, 'LLM', 'openai');
    record.set(attributeKeys.model, nonEmpty(view.request.model));
    setInputText(record, () => view.text, redaction);
    record.set(attributeKeys.inputMimeType, JSON_TYPE);
    setInvocationParameters(record, document, ['tools', 'instructions', 'input'], redaction);
    if (!redaction.hidesInputMessages) setInputMessages(record, document, redaction);
    setTools(record, document, redaction);
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    const { document, text } = answer;
    record.set(attributeKeys.outputMimeType, JSON_TYPE);
    record.set(attributeKeys.model, nonEmpty(document['model']));
    if (!redaction.hidesOutputMessages) {
      for (const [index, item] of arrayOf(document['output']).entries()) {
        const keys = attributeKeys.outputMessage(index);
        setItem({ record, keys, hidesText: redaction.hidesOutputText, isInput: false }, objectOf(item));
      }
    }
    setResponsesTokenCounts(record, document['usage']);
    const shown = () => (redaction.hidesInputs ? JSON.stringify(without(document, ECHOES)) : text);
    setOutputValue(record, shown, redaction);
  },
};

function setInputMessages(record: AttributeRecord, { instructions, input }: JsonObject, redaction: Redaction): void {
  const { hidesInputText: hidesText } = redaction;
  const setText = (index: number, role: string, text: string) => {
    const keys = attributeKeys.inputMessage(index);
    record.setItem(keys.role, role);
    record.setItem(keys.content, hiddenIf(hidesText, text));
  };
  const system = nonEmpty(instructions);
  if (system !== undefined) setText(0, 'system', system);
  const first = system === undefined ? 0 : 1;
  if (typeof input === 'string') setText(first, 'user', input);
  if (!isJsonArray(input)) return;
  for (const [index, item] of input.entries()) {
    const keys = attributeKeys.inputMessage(first + index);
    setItem({ record, keys, hidesText, isInput: true }, objectOf(item));
  }
}
