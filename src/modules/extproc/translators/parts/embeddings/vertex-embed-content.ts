import { UserFacingError } from '../../../../../shared/errors.js';
import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError, type UpstreamRequest } from '../../translator.js';
import { toUserParts } from '../gemini/content.js';
import { modelPath, parseGeminiModel } from '../gemini/model.js';
import type { GeminiPart } from '../gemini/wire.js';
import { answerMembers, counterAt, isNull, isTrueAt, memberAt } from './answer-scan.js';
import { dropUnhandledMembers, onlyText, type EmbeddingRequest } from './embedding-request.js';
import type { EmbeddingAnswer } from './encode-embeddings.js';

/** Models of the Gemini family but the first one. @see spec translators.md 7.3 */
export const takesContent = (model: string): boolean => model.includes('gemini') && model !== 'gemini-embedding-001';

const HANDLED = ['dimensions', 'auto_truncate', 'task_type', 'title'];

/** Vertex AI's `embedContent`, which embeds one content of texts and media. @see spec translators.md 7.3 */
export function embedContentRequest(
  embedding: EmbeddingRequest,
  { requestModel, knownModel }: { readonly requestModel: string; readonly knownModel: string },
): UpstreamRequest {
  const receipt = new Receipt();
  dropUnhandledMembers(embedding, HANDLED, receipt);
  const { dimensions, autoTruncate, taskType, title } = embedding;
  const embedContentConfig = {
    ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
    ...(autoTruncate === undefined ? {} : { autoTruncate }),
    ...(taskType === undefined ? {} : { taskType }),
    ...(title === undefined ? {} : { title }),
  };
  const body = {
    content: { parts: partsOf(embedding, knownModel, receipt) },
    ...(Object.keys(embedContentConfig).length === 0 ? {} : { embedContentConfig }),
  };
  return {
    path: modelPath(requestModel, 'embedContent'),
    sets: [],
    body: Buffer.from(JSON.stringify(body)),
    dropped: receipt.dropped,
  };
}

function partsOf(embedding: EmbeddingRequest, model: string, receipt: Receipt): readonly GeminiPart[] {
  const { input } = embedding;
  if (input.kind !== 'messages') return [{ text: onlyText(embedding) }];
  for (const path of input.dropped) receipt.drop(path);
  const parts = toUserParts(input.parts, parseGeminiModel(model), receipt);
  if (parts.length > 0) return parts;
  throw new UserFacingError('"messages" must have a user message with content to be embedded, found none');
}

/** `{embedding {values}, truncated, usageMetadata {promptTokenCount}}`. */
export function embedContentAnswer(body: Uint8Array): EmbeddingAnswer {
  const members = answerMembers(body, ['embedding', 'truncated', 'usageMetadata']);
  const inputTokens = counterAt(body, memberAt(body, members, 'usageMetadata', 'promptTokenCount'));
  const embedding = memberAt(body, members, 'embedding');
  if (embedding === undefined || isNull(body, embedding)) return { vectors: [], inputTokens };
  const values = memberAt(body, members, 'embedding', 'values');
  if (values === undefined) throw new UpstreamAnswerError('"embedding" of the answer must have "values"');
  return { vectors: [{ values, isTruncated: isTrueAt(body, memberAt(body, members, 'truncated')) }], inputTokens };
}
