import { isMultipart, mediaTypeOf } from '../codec/media-type.js';
import { parseMultipart, type FormPart } from '../codec/multipart.js';
import { MalformedRequestError } from '../request-error.js';
import type { ParseContext, ParsedRequest } from './endpoint.js';
import { checkModel } from './json-request.js';

export interface FormRules {
  /** Fields that must be there; they may be empty. */
  readonly required: readonly string[];
  /** The field `stream` asks for a stream of events. */
  readonly canStream: boolean;
}

/**
 * Reads `model` and `stream` of a form; of a repeated field the last one counts. What only the provider needs is not looked
 * at, and no bytes of files are copied.
 * @throws {MalformedRequestError} on another kind of body and on a field that is missing or malformed
 * @see spec translators.md 2.1 and section 10
 */
export function parseMultipartRequest(
  endpoint: string,
  body: Uint8Array,
  { contentType }: ParseContext,
  { required, canStream }: FormRules,
): ParsedRequest {
  if (!isMultipart(contentType)) {
    const found = mediaTypeOf(contentType) || 'no content-type';
    throw new MalformedRequestError(`malformed request: ${endpoint} takes a multipart/form-data body, found ${found}`);
  }
  const form = parseMultipart(body, contentType);
  const fields = new Map(form.parts.map((part) => [part.name, part]));
  for (const name of required) {
    if (fields.has(name)) continue;
    throw new MalformedRequestError(`malformed request: the form of ${endpoint} has no part named "${name}"`);
  }
  const textOfField = (name: string) => {
    const part = fields.get(name);
    return part === undefined ? '' : textOf(body, part);
  };
  const model = textOfField('model');
  checkModel(endpoint, model);
  return {
    model,
    isStreaming: canStream && textOfField('stream').toLowerCase() === 'true',
    body,
    isRewritten: false,
    modelRanges: [],
    form,
    document: () => {
      throw new MalformedRequestError(
        `malformed request: the body of ${endpoint} must be a JSON object here, found multipart/form-data`,
      );
    },
  };
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The forms of audio have one number that the reference checks. @throws {MalformedRequestError} */
export function checkTemperature(endpoint: string, { form, body }: ParsedRequest): void {
  for (const part of form?.parts ?? []) {
    if (part.name !== 'temperature' || DECIMAL.test(textOf(body, part).trim())) continue;
    throw new MalformedRequestError(`malformed request: "temperature" of ${endpoint} must be a number`);
  }
}

/** More than a model may have, so that a longer one is refused, and more than any number or flag needs. */
const TEXT_BYTES_MAX = 8 << 10;

function textOf(body: Uint8Array, { content: { start, end } }: FormPart): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  return bytes.toString('utf8', start, Math.min(end, start + TEXT_BYTES_MAX));
}
