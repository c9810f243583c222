import type { JsonObject } from '../../codec/json-value.js';
import type { TracedRequest } from '../span-convention.js';
import { hiddenImages, withoutImagesOf } from './image-redaction.js';
import { REDACTED, type Redaction } from './redaction.js';

/** A request without the images that may not be recorded. */
export interface RequestView {
  readonly request: TracedRequest;
  /** Without members for a form. */
  readonly document: JsonObject;
  /** The body as text: that of the client, where nothing had to be taken out of it. */
  readonly text: string;
}

/** Text and document are made when they are asked for: what is hidden costs nothing. */
export function requestView(request: TracedRequest, redaction: Redaction): RequestView {
  const { endpoint, body, form } = request;
  const isHidden = form === undefined ? hiddenImages(endpoint, body.length, redaction) : undefined;
  let searched: { readonly document: JsonObject; readonly isChanged: boolean } | undefined;
  const search = () => {
    if (searched !== undefined) return searched;
    const original = form === undefined ? request.document() : {};
    const document = isHidden === undefined ? original : withoutImagesOf(original, isHidden);
    searched = { document, isChanged: document !== original };
    return searched;
  };
  return {
    request,
    get document() {
      return search().document;
    },
    get text() {
      if (isHidden === undefined || (!redaction.hidesInputImages && !search().isChanged)) {
        return Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
      }
      const { document } = search();
      // A body that was too much to be built cannot be searched.
      if (Object.keys(document).length === 0) return REDACTED;
      // A member that is there twice may hide an image, so that the bytes are never shown.
      return JSON.stringify(document);
    },
  };
}
