import { elementRanges, JsonSyntaxError, memberRanges, readString, scanObject } from '../codec/json-scan.js';
import { splice, type ByteEdit } from '../codec/json-splice.js';
import type { AnswerRewrite } from './passed-endpoint.js';

/** Where Anthropic says that the results of a batch are: an address of its own, to which clients of the gateway have no key. */
const RESULTS = /\/v1\/messages\/batches\/([\w.-]{1,256})\/results(?:[?#]|$)/;

/**
 * Batches, one or a list, whose `results_url` leads to the gateway: clients follow it with the credential that they have. What
 * is no batch stays as it is. @see https://docs.anthropic.com/en/api/retrieving-message-batch-results
 */
export const withOwnLinks: AnswerRewrite = (answer, urlOf) => {
  try {
    return splice(answer, linkEdits(answer, urlOf));
  } catch (error) {
    if (error instanceof JsonSyntaxError) return answer;
    throw error;
  }
};

function linkEdits(answer: Uint8Array, urlOf: (path: string) => string): readonly ByteEdit[] {
  const members = scanObject(answer, ['results_url', 'data']);
  const listed = (members.get('data') ?? []).flatMap((list) =>
    (elementRanges(answer, list) ?? []).flatMap(
      (batch) => memberRanges(answer, batch, ['results_url']).get('results_url') ?? [],
    ),
  );
  return [...(members.get('results_url') ?? []), ...listed].flatMap((range) => {
    const [, id] = RESULTS.exec(readString(answer, range) ?? '') ?? [];
    if (id === undefined) return [];
    const replacement = Buffer.from(JSON.stringify(urlOf(`/v1/messages/batches/${id}/results`)));
    return [{ ...range, replacement }];
  });
}
