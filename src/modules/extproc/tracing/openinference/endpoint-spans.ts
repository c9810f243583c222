import type { TracedAnswer } from '../span-convention.js';
import type { AttributeRecord } from './attribute-record.js';
import type { Redaction } from './redaction.js';
import type { RequestView } from './request-view.js';

/** What is recorded of one endpoint. Never throws, whatever the documents are. */
export interface EndpointSpans {
  readonly name: string;
  request(record: AttributeRecord, view: RequestView, redaction: Redaction): void;
  answer(record: AttributeRecord, answer: TracedAnswer, redaction: Redaction): void;
}
