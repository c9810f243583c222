/** Type and subtype in lower case, without parameters; '' for none. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return '';
  const semicolon = contentType.indexOf(';');
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** `application/json`, or a type with the `+json` suffix (RFC 6839). */
export function isJsonType(contentType: string | undefined): boolean {
  const type = mediaTypeOf(contentType);
  return type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type);
}

export const EVENT_STREAM = 'text/event-stream';

/** A form with files. Compared as the reference does: by how it begins. */
export const isMultipart = (contentType: string | undefined) =>
  contentType?.toLowerCase().startsWith('multipart/form-data') ?? false;
