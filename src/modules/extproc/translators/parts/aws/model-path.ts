/** What Go's `url.PathEscape` keeps in a segment. @see spec translators.md section 1, "Notes on paths" */
const KEPT_IN_SEGMENT = /[A-Za-z0-9\-_.~$&+:=@]/;

/**
 * A model name or ARN as one segment of a path, e.g. `/model/<it>/converse`. A name of dots alone is escaped too, so that it
 * cannot be taken for a step in the path.
 */
export function escapeModel(model: string): string {
  if (model === '.' || model === '..') return model.replaceAll('.', '%2E');
  return percentEncode(model, KEPT_IN_SEGMENT);
}

/** Percent-encodes all bytes of the text in UTF-8 but the kept characters, which are ASCII. */
export function percentEncode(text: string, kept: RegExp): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Cuts what stands before `anthropic.`: the prefix of an inference profile's geography, or the head of an ARN. */
export function anthropicBaseModel(model: string): string {
  const start = model.indexOf('anthropic.');
  return start > 0 ? model.slice(start) : model;
}

const GEOGRAPHIES = ['us-gov.', 'us.', 'eu.', 'apac.', 'uk.', 'au.', 'jp.', 'global.'];

/** Cuts the prefix of a cross-region inference profile. @see spec translators.md section 1, `base2` */
export function bedrockBaseModel(model: string): string {
  const geography = GEOGRAPHIES.find((prefix) => model.startsWith(prefix));
  return geography === undefined ? model : model.slice(geography.length);
}
