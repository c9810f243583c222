import { UserFacingError } from '../../../../../shared/errors.js';
import { paddedBase64, parseDataUri } from '../chat/data-uri.js';
import type { ConverseBlock, MediumSource, ResultContent } from './converse.js';

export type MediumKind = 'image' | 'document' | 'video' | 'audio';

interface Format {
  readonly kind: MediumKind;
  /** Converse's name. */
  readonly name: string;
  readonly mediaTypes: readonly string[];
  /** Extensions of file names besides the name itself. */
  readonly extensions?: readonly string[];
}

const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** @see spec translators.md 18.4.1 */
const FORMATS: readonly Format[] = [
  { kind: 'image', name: 'png', mediaTypes: ['image/png'] },
  { kind: 'image', name: 'jpeg', mediaTypes: ['image/jpeg', 'image/jpg'], extensions: ['jpg'] },
  { kind: 'image', name: 'gif', mediaTypes: ['image/gif'] },
  { kind: 'image', name: 'webp', mediaTypes: ['image/webp'] },
  { kind: 'document', name: 'pdf', mediaTypes: ['application/pdf'] },
  { kind: 'document', name: 'csv', mediaTypes: ['text/csv'] },
  { kind: 'document', name: 'doc', mediaTypes: ['application/msword'] },
  { kind: 'document', name: 'docx', mediaTypes: [`${OFFICE}.wordprocessingml.document`] },
  { kind: 'document', name: 'xls', mediaTypes: ['application/vnd.ms-excel'] },
  { kind: 'document', name: 'xlsx', mediaTypes: [`${OFFICE}.spreadsheetml.sheet`] },
  { kind: 'document', name: 'html', mediaTypes: ['text/html'], extensions: ['htm'] },
  { kind: 'document', name: 'txt', mediaTypes: ['text/plain'], extensions: ['json', 'xml', 'yaml', 'yml', 'log'] },
  { kind: 'document', name: 'md', mediaTypes: ['text/markdown', 'text/x-markdown'], extensions: ['markdown'] },
  { kind: 'video', name: 'mkv', mediaTypes: ['video/x-matroska', 'video/matroska'] },
  { kind: 'video', name: 'mov', mediaTypes: ['video/quicktime'] },
  { kind: 'video', name: 'mp4', mediaTypes: ['video/mp4'] },
  { kind: 'video', name: 'webm', mediaTypes: ['video/webm'] },
  { kind: 'video', name: 'flv', mediaTypes: ['video/x-flv'] },
  { kind: 'video', name: 'mpeg', mediaTypes: ['video/mpeg'] },
  { kind: 'video', name: 'mpg', mediaTypes: [] },
  { kind: 'video', name: 'wmv', mediaTypes: ['video/x-ms-wmv'] },
  { kind: 'video', name: 'three_gp', mediaTypes: ['video/3gpp'], extensions: ['3gp'] },
  { kind: 'audio', name: 'mp3', mediaTypes: ['audio/mpeg', 'audio/mp3'] },
  { kind: 'audio', name: 'opus', mediaTypes: ['audio/opus'] },
  { kind: 'audio', name: 'wav', mediaTypes: ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'] },
  { kind: 'audio', name: 'aac', mediaTypes: ['audio/aac'] },
  { kind: 'audio', name: 'x-aac', mediaTypes: ['audio/x-aac'] },
  { kind: 'audio', name: 'flac', mediaTypes: ['audio/flac', 'audio/x-flac'] },
  { kind: 'audio', name: 'mp4', mediaTypes: ['audio/mp4'] },
  { kind: 'audio', name: 'ogg', mediaTypes: ['audio/ogg'] },
  { kind: 'audio', name: 'mkv', mediaTypes: [] },
  { kind: 'audio', name: 'mka', mediaTypes: ['audio/x-matroska', 'audio/matroska'] },
  { kind: 'audio', name: 'm4a', mediaTypes: ['audio/m4a', 'audio/x-m4a'] },
  { kind: 'audio', name: 'mpeg', mediaTypes: [] },
  { kind: 'audio', name: 'mpga', mediaTypes: [] },
  { kind: 'audio', name: 'pcm', mediaTypes: ['audio/pcm', 'audio/l16'] },
  { kind: 'audio', name: 'webm', mediaTypes: ['audio/webm'] },
];

/** Text that Converse has no name for goes as plain text. */
const OTHER_TEXT = /^(?:text\/[\w.+-]+|application\/(?:json|xml|yaml|x-yaml|javascript|[\w.-]+\+(?:json|xml)))$/;

/** Bytes or a place of known format. */
export interface Medium {
  readonly format: Format;
  readonly source: MediumSource;
}

/** Names documents `document-1`, `document-2`, …: the model reads the name, so it must tell it nothing. One per request. */
export class DocumentNames {
  #count = 0;

  next(): string {
    return `document-${++this.#count}`;
  }
}

/**
 * A medium in a `data:` or `s3:` URI.
 * @param path Of the URI in the client's body
 * @throws {UserFacingError} 422: Converse takes neither other addresses nor other formats (translators.md G10, G14)
 */
export function mediumOfUrl(url: string, path: string, kinds: readonly MediumKind[]): Medium {
  if (/^s3:\/\//i.test(url)) {
    return { format: formatOfName(url, path, kinds), source: { s3Location: { uri: url } } };
  }
  if (!/^data:/i.test(url)) {
    throw refusal(path, 'an address', 'a data: URI or an s3:// URI, since Converse fetches nothing else');
  }
  const uri = parseDataUri(url);
  if (uri === undefined) throw refusal(path, 'a data: URI that cannot be read', 'data:<media type>;base64,<data>');
  return { format: formatOfType(uri.mediaType, path, kinds), source: { bytes: uri.data } };
}

/** A medium of a declared type. @throws {UserFacingError} 422 */
export function mediumOfData(mediaType: string, data: string, path: string, kinds: readonly MediumKind[]): Medium {
  return { format: formatOfType(mediaType, path, kinds), source: { bytes: checkedBase64(data, path) } };
}

/** A medium in a format that the client calls by its short name, e.g. `wav`. @throws {UserFacingError} 422 */
export function mediumOfFormat(name: string, data: string, path: string, kind: MediumKind): Medium {
  const format = FORMATS.find((candidate) => candidate.kind === kind && isNamed(candidate, name.toLowerCase()));
  if (format === undefined) throw unknownFormat(path, 'another format', [kind]);
  return { format, source: { bytes: checkedBase64(data, path) } };
}

/** @throws {UserFacingError} 422 when it is no base64 */
export function checkedBase64(data: string, path: string): string {
  const checked = paddedBase64(data);
  if (checked === undefined) throw refusal(path, 'text that is not base64', 'base64 data');
  return checked;
}

/** @throws {UserFacingError} 422 */
function formatOfType(mediaType: string, path: string, kinds: readonly MediumKind[]): Format {
  const type = mediaType.toLowerCase();
  const named = OTHER_TEXT.test(type) ? 'text/plain' : type;
  const known = FORMATS.find(({ kind, mediaTypes }) => kinds.includes(kind) && mediaTypes.includes(type));
  const format = known ?? FORMATS.find(({ kind, mediaTypes }) => kinds.includes(kind) && mediaTypes.includes(named));
  if (format === undefined) {
    throw unknownFormat(path, type === '' ? 'no media type' : `the media type "${shown(type)}"`, kinds);
  }
  return format;
}

/** By the extension of a file name or of an address. @throws {UserFacingError} 422 */
export function formatOfName(name: string, path: string, kinds: readonly MediumKind[]): Format {
  const extension = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  const format =
    extension === undefined
      ? undefined
      : FORMATS.find((candidate) => kinds.includes(candidate.kind) && isNamed(candidate, extension));
  if (format === undefined) throw unknownFormat(path, 'a name without a known extension', kinds);
  return format;
}

const isNamed = ({ name, extensions }: Format, word: string) => (name === word || extensions?.includes(word)) ?? false;

/** A medium as a block; only audio cannot stand in a tool result. */
export function mediumBlock(medium: Medium, names: DocumentNames): ConverseBlock {
  const { format, source } = medium;
  return format.kind === 'audio' ? { audio: { format: format.name, source } } : resultMedium(medium, names);
}

/** As {@link mediumBlock}, for a medium that is no audio. */
export function resultMedium({ format: { kind, name: format }, source }: Medium, names: DocumentNames): ResultContent {
  switch (kind) {
    case 'document':
      return { document: { format, name: names.next(), source } };
    case 'video':
      return { video: { format, source } };
    default:
      return { image: { format, source } };
  }
}

function unknownFormat(path: string, found: string, kinds: readonly MediumKind[]): UserFacingError {
  const names = FORMATS.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  return refusal(path, found, `${kinds.join(' or ')} (${[...new Set(names)].join(', ')})`);
}

const shown = (word: string) => (/^[\w.+-]{1,40}\/[\w.+-]{1,60}$/.test(word) ? word : '…');

/** The value itself is never told. */
export function refusal(path: string, found: string, expected: string): UserFacingError {
  return new UserFacingError(`cannot send "${path}" to AWSBedrock: found ${found}, expected ${expected}`);
}
