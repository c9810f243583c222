import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import type { FormPart, MultipartForm } from '../../codec/multipart.js';

/** Of one field; the longest prompt that images take has 32,000 characters. */
const FIELD_BYTES_MAX = 128 << 10;

const FILE_FIELDS = /^(?:image|mask|file)(?:\[\d*\])?$/;

/** Some clients send a file without its name. */
const isFile = ({ name, filename }: FormPart) => filename !== undefined || FILE_FIELDS.test(name);

const sizeOf = ({ content: { start, end } }: FormPart) => end - start;

function textOf(body: Uint8Array, { content: { start, end } }: FormPart): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  return bytes.toString('utf8', start, Math.min(end, start + FIELD_BYTES_MAX));
}

/** Text of a plain field, the last one of that name; undefined when there is none. */
export function fieldText(body: Uint8Array, form: MultipartForm, name: string): string | undefined {
  const part = form.parts.findLast((candidate) => candidate.name === name);
  return part && textOf(body, part);
}

/** Name and size of a file; empty and 0 when there is none. */
export function fileFacts(form: MultipartForm, name: string): { readonly name: string; readonly sizeBytes: number } {
  const part = form.parts.findLast((candidate) => candidate.name === name);
  return { name: part?.filename ?? '', sizeBytes: part === undefined ? 0 : sizeOf(part) };
}

/** A form as JSON: files are told by name and size; a field that is there several times is a list. */
export function describeForm(body: Uint8Array, form: MultipartForm): JsonObject {
  const fields = new Map<string, JsonValue[]>();
  for (const part of form.parts) {
    const value = isFile(part) ? { file_name: part.filename ?? '', file_size: sizeOf(part) } : textOf(body, part);
    const values = fields.get(part.name);
    if (values === undefined) fields.set(part.name, [value]);
    else values.push(value);
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]));
}
