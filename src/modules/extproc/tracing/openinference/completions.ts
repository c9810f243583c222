import { arrayOf, isJsonArray, objectOf, stringOf } from '../../codec/json-value.js';
import { attributeKeys } from './attribute-keys.js';
import { setInput, setKind, setOutputType, setOutputValue } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { setInvocationParameters } from './invocation-parameters.js';
import { setTokenCounts } from './token-counts.js';

/** @see spec observability.md 4.2, 4.3 `completions` */
export const completions: EndpointSpans = {
  name: 'Completion',
  request(record, view, redaction) {
    const { prompt } = view.document;
    setKind(record, 'LLM', 'openai');
    record.set(attributeKeys.model, view.request.model);
    setInput(record, view, redaction);
    setInvocationParameters(record, view.document, ['prompt'], redaction);
    if (redaction.hidesPrompts) return;
    // Prompts of tokens are not recorded.
    for (const [index, text] of (isJsonArray(prompt) ? prompt : [prompt]).entries()) {
      record.setItem(attributeKeys.promptText(index), stringOf(text));
    }
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    const { document, text } = answer;
    record.set(attributeKeys.model, stringOf(document['model']) ?? '');
    setOutputType(record, redaction);
    if (!redaction.hidesChoices) {
      for (const [index, choice] of arrayOf(document['choices']).entries()) {
        record.setItem(attributeKeys.completionText(index), stringOf(objectOf(choice)['text']) ?? '');
      }
    }
    setTokenCounts(record, document['usage']);
    setOutputValue(record, () => text, redaction);
  },
};
