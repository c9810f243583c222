import { numberOf, type JsonObject } from '../../codec/json-value.js';
import type { TracedAnswer } from '../span-convention.js';
import { attributeKeys, TEXT_TYPE } from './attribute-keys.js';
import type { AttributeRecord } from './attribute-record.js';
import { nonEmpty, setInputText, setKind } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { fieldText, fileFacts } from './form-fields.js';
import { setWholeParameters } from './invocation-parameters.js';
import type { RequestView } from './request-view.js';

/** @see spec observability.md 4.2, 4.3 `speech` */
export const speech: EndpointSpans = {
  name: 'AudioSpeech',
  request(record, view, redaction) {
    const { document } = view;
    setKind(record, 'LLM', 'openai');
    record.set(attributeKeys.model, nonEmpty(view.request.model));
    setInputText(record, () => JSON.stringify(spokenInput(document)), redaction);
    setWholeParameters(record, () => view.text, document, redaction);
  },
  answer(record, answer, { hidesOutputs }) {
    if (answer.kind !== 'binary' || hidesOutputs) return;
    // Whatever the format is, as in the spans that clients of the reference know.
    record.set(attributeKeys.outputMimeType, 'audio/mpeg');
    record.set(attributeKeys.audioBytes, answer.sizeBytes);
  },
};

const spokenInput = (document: JsonObject): JsonObject => ({
  input: document['input'] ?? '',
  voice: document['voice'] ?? '',
  response_format: document['response_format'] ?? null,
  speed: document['speed'] ?? null,
  instructions: document['instructions'] ?? null,
});

/** @see spec observability.md 4.2, 4.3 `transcription` */
export const transcriptions: EndpointSpans = {
  name: 'Transcription',
  request: (record, view, redaction) => {
    setAudioRequest(record, view);
    setInputText(record, () => JSON.stringify(audioInput(view, ['language', 'response_format'])), redaction);
  },
  answer(record, answer, { hidesOutputs }) {
    if (hidesOutputs || !setTranscript(record, answer) || answer.kind !== 'json') return;
    const duration = numberOf(answer.document['duration']) ?? 0;
    if (Number.isFinite(duration) && duration > 0) record.set(attributeKeys.audioDuration, duration);
    record.set(attributeKeys.language, nonEmpty(answer.document['language']));
  },
};

/** @see spec observability.md 4.2, 4.3 `translation` */
export const audioTranslations: EndpointSpans = {
  name: 'Translation',
  request: (record, view, redaction) => {
    setAudioRequest(record, view);
    setInputText(record, () => JSON.stringify(audioInput(view, ['response_format'])), redaction);
  },
  answer(record, answer, { hidesOutputs }) {
    if (!hidesOutputs) setTranscript(record, answer);
  },
};

function setAudioRequest(record: AttributeRecord, { request }: RequestView): void {
  setKind(record, 'LLM', 'openai');
  record.set(attributeKeys.model, nonEmpty(request.model));
}

function audioInput({ request }: RequestView, fields: readonly string[]): JsonObject {
  const { body, form, model } = request;
  const file = form && fileFacts(form, 'file');
  const textOf = (name: string) => (form && fieldText(body, form, name)) ?? '';
  return {
    model,
    file_name: file?.name ?? '',
    file_size: file?.sizeBytes ?? 0,
    ...Object.fromEntries(fields.map((name) => [name, textOf(name)])),
  };
}

/** False when the answer has no text. */
function setTranscript(record: AttributeRecord, answer: TracedAnswer): boolean {
  if (answer.kind === 'binary') return false;
  const text = answer.kind === 'text' ? answer.text : answer.document['text'];
  record.set(attributeKeys.outputValue, typeof text === 'string' ? text : '');
  record.set(attributeKeys.outputMimeType, TEXT_TYPE);
  return true;
}
