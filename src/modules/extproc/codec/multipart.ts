import { MalformedRequestError } from '../request-error.js';
import type { ByteRange } from './json-scan.js';
import { splice, type ByteEdit } from './json-splice.js';
import { parseParameters } from './multipart-header.js';

const PARTS_MAX = 256;
/** Of one part. */
const HEADER_BYTES_MAX = 16 << 10;
/** RFC 2046 section 5.1.1 allows 70; some clients send more. */
const BOUNDARY = /^[\x20-\x7e]{0,199}[\x21-\x7e]$/;

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;
const NEWLINE = '\r\n';

/** One part of a multipart form: ranges into the body it was found in. */
export interface FormPart {
  readonly name: string;
  /** Undefined for a plain field. */
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  /** The part's bytes, without the line break before the next boundary. */
  readonly content: ByteRange;
}

/** A parsed `multipart/form-data` body. @see RFC 7578 */
export interface MultipartForm {
  readonly boundary: string;
  readonly parts: readonly FormPart[];
  /** Where the body has the boundary, behind its dashes: before each part and at the end. */
  readonly boundaries: readonly ByteRange[];
}

/**
 * Finds the parts of a form without copying them: at most 256 parts with 16 KiB of headers each. What stands before the
 * first boundary and behind the last one is skipped. Text behind a boundary makes it content: it is no boundary then.
 * @param contentType Header of the request, `multipart/form-data; boundary=…`.
 * @throws {MalformedRequestError} when the body is no such form: lines that do not end with CRLF, no end, a part without a name
 * @see RFC 7578, RFC 2046 section 5.1.1
 */
export function parseMultipart(body: Uint8Array, contentType: string | undefined): MultipartForm {
  const boundary = boundaryOf(contentType);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: FormPart[] = [];
  const boundaries: ByteRange[] = [];
  let found = findDelimiter(bytes, delimiter, 0);
  while (found !== undefined) {
    boundaries.push({ start: found.start + 2, end: found.start + delimiter.length });
    if (found.isLast) return { boundary, parts, boundaries };
    if (parts.length === PARTS_MAX) throw malformed(`has more than ${PARTS_MAX} parts`);
    const part = readHeaders(bytes, found.end, parts.length + 1);
    const next = findDelimiter(bytes, delimiter, part.contentStart - NEWLINE.length);
    if (next === undefined) break;
    const { contentStart, ...named } = part;
    parts.push({
      ...named,
      content: { start: contentStart, end: Math.max(next.start - NEWLINE.length, contentStart) },
    });
    found = next;
  }
  throw malformed(
    boundaries.length === 0
      ? 'does not hold the boundary of its content-type, behind "--" on a line that ends with CRLF'
      : `ends inside part ${parts.length + 1}: the last line must be the boundary between "--" and "--"`,
  );
}

/** A form body and, when that had to change, the content-type that belongs to it. */
export interface EditedForm {
  readonly body: Uint8Array;
  readonly contentType?: string;
}

/**
 * Sets a plain field: all parts of that name, so that no reader can see another value than the rest, or a new first part.
 * All other bytes stay as they are, and so does the boundary, unless the value holds it.
 * @param name Without quotes, backslashes and control characters.
 */
export function replaceField(body: Uint8Array, form: MultipartForm, name: string, value: string): EditedForm {
  const edits: ByteEdit[] = form.parts.flatMap((part, index) => {
    if (part.name !== name) return [];
    // Without content, the break before the boundary may be the one that ends the headers.
    const lacksBreak = form.boundaries[index + 1]!.start - 2 === part.content.end;
    return [{ ...part.content, replacement: Buffer.from(lacksBreak ? value + NEWLINE : value) }];
  });
  const needsBoundary = value.includes(`--${form.boundary}`);
  const boundary = needsBoundary ? unusedBoundary(body, value) : form.boundary;
  if (edits.length === 0) {
    const start = form.boundaries[0]!.start - 2;
    const part = [`--${boundary}`, `content-disposition: form-data; name="${name}"`, '', value, ''].join(NEWLINE);
    edits.push({ start, end: start, replacement: Buffer.from(part) });
  }
  if (needsBoundary) edits.push(...form.boundaries.map((range) => ({ ...range, replacement: Buffer.from(boundary) })));
  const edited = { body: splice(body, edits) };
  return needsBoundary ? { ...edited, contentType: `multipart/form-data; boundary=${boundary}` } : edited;
}

/** Ends: a number that neither text holds is found after as many tries as they can hold numbers. */
function unusedBoundary(body: Uint8Array, value: string): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  for (let number = 1; ; number++) {
    const boundary = `form-boundary-${String(number).padStart(6, '0')}`;
    if (!bytes.includes(boundary) && !value.includes(boundary)) return boundary;
  }
}

function malformed(problem: string): MalformedRequestError {
  return new MalformedRequestError(`malformed request: the multipart body ${problem}`);
}

function boundaryOf(contentType: string | undefined): string {
  const parsed = parseParameters(contentType ?? '');
  if (parsed?.value !== 'multipart/form-data') {
    throw new MalformedRequestError(
      'malformed request: content-type must be of the form multipart/form-data; boundary=…, with each parameter once',
    );
  }
  const boundary = parsed.parameters.get('boundary');
  if (boundary !== undefined && BOUNDARY.test(boundary)) return boundary;
  throw new MalformedRequestError(
    'malformed request: content-type multipart/form-data must name a boundary of 1 to 200 printable ASCII characters',
  );
}

interface Delimiter {
  /** Of the two dashes. */
  readonly start: number;
  /** Behind the line. */
  readonly end: number;
  /** Two more dashes follow it. */
  readonly isLast: boolean;
}

/** The next delimiter that is alone on its line; `from` is where a line, or the break before it, begins. */
function findDelimiter(bytes: Buffer, delimiter: Buffer, from: number): Delimiter | undefined {
  for (let start = bytes.indexOf(delimiter, from); start !== -1; start = bytes.indexOf(delimiter, start + 1)) {
    if (start !== 0 && (bytes[start - 1] !== LF || bytes[start - 2] !== CR)) continue;
    let end = start + delimiter.length;
    const isLast = bytes[end] === DASH && bytes[end + 1] === DASH;
    if (isLast) end += 2;
    while (bytes[end] === SPACE || bytes[end] === TAB) end++;
    if (bytes[end] === CR && bytes[end + 1] === LF) return { start, end: end + 2, isLast };
    if (isLast && end === bytes.length) return { start, end, isLast };
  }
  return undefined;
}

type PartHead = Omit<FormPart, 'content'> & { readonly contentStart: number };

/** `start` is behind the line of the boundary. */
function readHeaders(bytes: Buffer, start: number, number: number): PartHead {
  // The break before the headers may be the one that ends them, when there are none.
  const window = bytes.subarray(start - NEWLINE.length, start + HEADER_BYTES_MAX);
  const end = window.indexOf('\r\n\r\n');
  if (end === -1) {
    throw malformed(
      `has no blank line, made of CRLF line ends, within ${HEADER_BYTES_MAX} bytes behind the boundary of part ${number}`,
    );
  }
  const headers = new Map<string, string>();
  const text = window.toString('utf8', NEWLINE.length, end).replaceAll(/\r\n[ \t]+/g, ' ');
  for (const line of text.split(NEWLINE)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (name === 'content-disposition' && headers.has(name))
      throw malformed(`has two content-dispositions in part ${number}`);
    headers.set(name, line.slice(colon + 1).trim());
  }
  const disposition = parseParameters(headers.get('content-disposition') ?? '');
  const name = disposition && onlyOne(disposition.parameters.get('name'), disposition.parameters.get('name*'));
  if (disposition?.value !== 'form-data' || name === undefined) {
    throw malformed(`needs a header of the form content-disposition: form-data; name="…" in part ${number}`);
  }
  return {
    name,
    // The extended form is the exact one where a client sends both. @see RFC 6266 section 4.3
    filename: disposition.parameters.get('filename*') ?? disposition.parameters.get('filename'),
    contentType: headers.get('content-type'),
    contentStart: start - NEWLINE.length + end + 2 * NEWLINE.length,
  };
}

/** Undefined for none, and for two, of which readers might take different ones. */
const onlyOne = (first: string | undefined, second: string | undefined) =>
  first === undefined ? second : second === undefined ? first : undefined;
