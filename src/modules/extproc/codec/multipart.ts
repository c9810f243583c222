import type { ByteRange } from './json-scan.js';

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
}
