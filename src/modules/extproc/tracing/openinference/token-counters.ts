import { attributeKeys } from './attribute-keys.js';
import { setInputIfShown, setKind } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { countOf } from './token-counts.js';

/** @see spec observability.md 4.2, 4.3 "count tokens, responses input tokens" */
const tokenCounter = (name: string, system: 'openai' | 'anthropic'): EndpointSpans => ({
  name,
  request(record, view, redaction) {
    setKind(record, 'TOKEN_COUNTER', system);
    record.set(attributeKeys.model, view.request.model);
    setInputIfShown(record, view, redaction);
  },
  answer(record, answer) {
    if (answer.kind !== 'json') return;
    record.set(attributeKeys.promptTokens, countOf(answer.document['input_tokens']) ?? 0);
  },
});

export const countTokens = tokenCounter('CountTokens', 'anthropic');
export const inputTokens = tokenCounter('ResponsesInputTokens', 'openai');
