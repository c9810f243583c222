import { arrayOf, numberOf, objectOf, stringOf, type JsonValue } from '../../../codec/json-value.js';

/** Sources that Gemini cites, as OpenAI's `url_citation`; those without an address cannot be (translators.md G14). */
export function toAnnotations(citationMetadata: JsonValue | undefined): readonly JsonValue[] {
  return arrayOf(objectOf(citationMetadata)['citations']).flatMap((item) => {
    const citation = objectOf(item);
    const url = stringOf(citation['uri']);
    if (!url) return [];
    return [
      {
        type: 'url_citation',
        url_citation: {
          url,
          title: stringOf(citation['title']) ?? '',
          start_index: numberOf(citation['startIndex']) ?? 0,
          end_index: numberOf(citation['endIndex']) ?? 0,
        },
      },
    ];
  });
}
