import { objectOf, stringOf, type JsonValue } from '../../../codec/json-value.js';

/** A piece of the answer, in characters. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Citations of a text block as OpenAI's annotations, which know only the web: those of documents of the request have no
 * place there. @see spec translators.md G14
 */
export function annotationsOf(citations: readonly JsonValue[], { start, end }: TextSpan): readonly JsonValue[] {
  return citations.flatMap((value): JsonValue[] => {
    const citation = objectOf(value);
    const url = [citation['url'], citation['source']].map(stringOf).find((address) => /^https?:/i.test(address ?? ''));
    if (url === undefined) return [];
    const title = stringOf(citation['title']) ?? '';
    return [{ type: 'url_citation', url_citation: { url, title, start_index: start, end_index: end } }];
  });
}

/** Length in characters, as other languages than JavaScript count them. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    // The second half of a pair.
    if ((text.charCodeAt(index) & 0xfc00) === 0xdc00) count--;
  }
  return count;
}
