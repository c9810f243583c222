import { arrayOf, numberOf, objectOf, stringOf, type JsonValue } from '../../codec/json-value.js';
import { attributeKeys } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import { nonEmpty, setInput, setOutputType, setOutputValue } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { countOf } from './token-counts.js';

/** Cohere's. @see spec observability.md 4.2, 4.3 `rerank` */
export const rerank: EndpointSpans = {
  name: 'Rerank',
  request(record, view, redaction) {
    const { document } = view;
    record.set(attributeKeys.system, 'cohere');
    record.set(attributeKeys.spanKind, 'RERANKER');
    record.set(attributeKeys.rerankerModel, view.request.model);
    setInput(record, view, redaction);
    record.set(attributeKeys.rerankerTopK, countOf(document['top_n']));
    // The reference does not hide the query. @see spec observability.md 12.2 row 2
    if (redaction.hidesInputs) return;
    record.set(attributeKeys.rerankerQuery, stringOf(document['query']));
    for (const [index, item] of arrayOf(document['documents']).entries()) {
      record.setItem(
        attributeKeys.inputDocument(index),
        nonEmpty(typeof item === 'string' ? item : objectOf(item)['text']),
      );
    }
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    const { document, text } = answer;
    setOutputType(record, redaction);
    if (!redaction.hidesOutputs) {
      for (const [index, item] of arrayOf(document['results']).entries()) {
        record.setItem(attributeKeys.outputDocumentScore(index), numberOf(objectOf(item)['relevance_score']));
      }
    }
    setTokenCounts(record, objectOf(document['meta'])['tokens']);
    setOutputValue(record, () => text, redaction);
  },
};

function setTokenCounts(record: AttributeRecord, tokens: JsonValue | undefined): void {
  const { input_tokens, output_tokens } = objectOf(tokens);
  const input = countOf(input_tokens);
  record.set(attributeKeys.promptTokens, input);
  const total = (input ?? 0) + (countOf(output_tokens) ?? 0);
  if (total > 0) record.set(attributeKeys.totalTokens, total);
}
