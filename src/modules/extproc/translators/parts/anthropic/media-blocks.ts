import { paddedBase64, parseDataUri } from '../chat/data-uri.js';
import type { FilePart, ImagePart } from '../chat/chat-request.js';
import type { Receipt } from '../../receipt.js';
import type { Block } from './block.js';
import { refusal } from './refusal.js';

const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
const PDF = 'application/pdf';
const EXPECTED_IMAGE = 'a JPEG, PNG, GIF or WebP image or a PDF, as a data: URI or as an address';
const EXPECTED_FILE = 'a PDF, a text or an image in "file_data"';

/** @throws {UserFacingError} 422 @see spec translators.md 5.4 */
export function imageBlock(part: ImagePart, receipt: Receipt): Block {
  // Claude has no such switch; `auto` is what it does.
  if (part.detail !== undefined && part.detail !== 'auto') receipt.drop(`${part.path}.image_url.detail`);
  const { url, path } = part;
  if (!/^data:/i.test(url)) return addressBlock(url, path);
  const uri = parseDataUri(url);
  if (uri === undefined) throw refusal(path, 'a data: URI that cannot be read', EXPECTED_IMAGE);
  const block = dataBlock(uri.mediaType, uri.data);
  if (block === undefined) throw refusal(path, `a data: URI of ${shownType(uri.mediaType)}`, EXPECTED_IMAGE);
  return block;
}

function addressBlock(url: string, path: string): Block {
  if (url.trim() === '') throw refusal(path, 'an empty address', EXPECTED_IMAGE);
  const isPdf = /^https?:[^?#]*\.pdf(?:[?#]|$)/i.test(url);
  return { type: isPdf ? 'document' : 'image', source: { type: 'url', url } };
}

/** Undefined for a type that is neither an image of Claude's nor a PDF. */
function dataBlock(mediaType: string, data: string): Block | undefined {
  if (mediaType === PDF) return { type: 'document', source: { type: 'base64', media_type: PDF, data } };
  const media_type = mediaType === 'image/jpg' ? 'image/jpeg' : mediaType;
  return IMAGE_TYPES.has(media_type) ? { type: 'image', source: { type: 'base64', media_type, data } } : undefined;
}

/**
 * A file as a document or an image; text goes as text. @throws {UserFacingError} 422 for other files, and for those that only
 * their id names: OpenAI keeps them, not Anthropic
 */
export function fileBlock(part: FilePart): Block {
  const { path, fileData, fileUrl, filename } = part;
  const title = filename ? { title: filename } : {};
  if (fileData === undefined) {
    if (fileUrl) return { type: 'document', source: { type: 'url', url: fileUrl }, ...title };
    throw refusal(path, part.fileId === undefined ? 'no file' : 'the id of a file', EXPECTED_FILE);
  }
  const uri = parseDataUri(fileData) ?? bareData(fileData);
  if (uri === undefined) throw refusal(path, 'data that is no base64', EXPECTED_FILE);
  const mediaType = GENERIC_TYPES.has(uri.mediaType) ? typeOf(filename, uri.data) : uri.mediaType;
  const block = dataBlock(mediaType, uri.data);
  if (block !== undefined) return block['type'] === 'document' ? { ...block, ...title } : block;
  if (!isText(mediaType)) throw refusal(path, `a file of ${shownType(mediaType)}`, EXPECTED_FILE);
  const data = Buffer.from(uri.data, 'base64').toString('utf8');
  return { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, ...title };
}

const GENERIC_TYPES: ReadonlySet<string> = new Set(['', 'application/octet-stream']);

function bareData(text: string) {
  const data = paddedBase64(text);
  return data === undefined ? undefined : { mediaType: '', data };
}

const isText = (mediaType: string) =>
  /^(?:text\/[\w.+-]+|application\/(?:json|xml|yaml|x-yaml|javascript|[\w.-]+\+(?:json|xml)))$/.test(mediaType);

/** Base64 of `%PDF-`. */
const PDF_START = 'JVBERi0';

const TYPES_BY_EXTENSION: ReadonlyMap<string, string> = new Map(
  Object.entries({
    pdf: PDF,
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    png: 'image/png',
    gif: 'image/gif',
    webp: 'image/webp',
    txt: 'text/plain',
    md: 'text/plain',
    csv: 'text/plain',
    json: 'text/plain',
    xml: 'text/plain',
    html: 'text/plain',
    yaml: 'text/plain',
    log: 'text/plain',
  }),
);

/** What a file without a media type is, by its first bytes and its name; '' when these do not tell. */
function typeOf(filename: string | undefined, data: string): string {
  if (data.startsWith(PDF_START)) return PDF;
  const extension = /\.(\w+)$/.exec(filename ?? '')?.[1]?.toLowerCase() ?? '';
  return TYPES_BY_EXTENSION.get(extension) ?? '';
}

const shownType = (mediaType: string) => {
  if (mediaType === '') return 'unknown type';
  return /^[\w.+-]{1,40}\/[\w.+-]{1,60}$/.test(mediaType) ? `type ${mediaType}` : 'another type';
};
