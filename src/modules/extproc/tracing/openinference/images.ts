import { attributeKeys, JSON_TYPE } from './attribute-keys.js';
import { nonEmpty, setInput, setInputText, setKind, setOutputValue } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { describeForm } from './form-fields.js';
import { setWholeParameters } from './invocation-parameters.js';

/**
 * Parameters are the whole body, as in the spans that clients of the reference know, and its prompt is in them; the model
 * and the endpoints that take images are ours.
 * @see spec observability.md 4.2, 4.3 `images`, 12.1 row 13, 12.2 row 1
 */
const images = (name: string): EndpointSpans => ({
  name,
  request(record, view, redaction) {
    const { request } = view;
    const form = request.form && describeForm(request.body, request.form);
    const textOf = () => (form === undefined ? view.text : JSON.stringify(form));
    setKind(record, 'LLM', 'openai');
    record.set(attributeKeys.model, nonEmpty(request.model));
    if (form === undefined) setInput(record, view, redaction);
    else setInputText(record, textOf, redaction);
    setWholeParameters(record, textOf, form ?? view.document, redaction);
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    record.set(attributeKeys.outputMimeType, JSON_TYPE);
    setOutputValue(record, () => answer.text, redaction);
  },
});

export const imagesGenerations = images('ImagesResponse');
export const imagesEdits = images('ImagesEdit');
export const imagesVariations = images('ImagesVariation');
