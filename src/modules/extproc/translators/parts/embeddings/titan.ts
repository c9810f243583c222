import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError } from '../../translator.js';
import { answerMembers, counterAt, memberAt } from './answer-scan.js';
import { dropUnhandledMembers, onlyText, type EmbeddingRequest } from './embedding-request.js';
import type { EmbeddingAnswer } from './encode-embeddings.js';

/** Body of an InvokeModel request to Titan, which embeds one text. @see spec translators.md 7.4 */
export function titanBody(embedding: EmbeddingRequest): { readonly body: object; readonly dropped: readonly string[] } {
  const receipt = new Receipt();
  dropUnhandledMembers(embedding, ['dimensions'], receipt);
  const { dimensions } = embedding;
  return {
    body: { inputText: onlyText(embedding), ...(dimensions === undefined ? {} : { dimensions }) },
    dropped: receipt.dropped,
  };
}

/** `{embedding, inputTextTokenCount}`. */
export function titanAnswer(body: Uint8Array): EmbeddingAnswer {
  const members = answerMembers(body, ['embedding', 'inputTextTokenCount']);
  const values = memberAt(body, members, 'embedding');
  if (values === undefined) throw new UpstreamAnswerError('the answer must have "embedding"');
  const inputTokens = counterAt(body, memberAt(body, members, 'inputTextTokenCount'));
  return { vectors: [{ values, isTruncated: false }], inputTokens };
}
