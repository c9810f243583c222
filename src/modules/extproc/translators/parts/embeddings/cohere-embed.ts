import { OPEN_BRACE, type JsonSource } from '../../../codec/json-skip.js';
import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError } from '../../translator.js';
import { counterAt } from './answer-scan.js';
import { dropUnhandledMembers, textsOnly, type EmbeddingRequest } from './embedding-request.js';
import type { EmbeddingAnswer, EmbeddingVector } from './encode-embeddings.js';
import { arrayOf, objectOf, rangeTo, walkAnswer } from '../json-walk.js';

/** What differs between the places where Cohere's models are served. */
export interface CohereEmbedModel {
  readonly takesDimensions: boolean;
  /** Value of `truncate` that cuts the end of a text. */
  readonly cutsEnd: 'END' | 'RIGHT';
}

/** Body of Cohere's embed without `model`, the same at Cohere and on Bedrock. @see spec translators.md 18.5 */
export function cohereEmbedBody(
  embedding: EmbeddingRequest,
  model: CohereEmbedModel,
): { readonly body: object; readonly dropped: readonly string[] } {
  const receipt = new Receipt();
  dropUnhandledMembers(
    embedding,
    ['auto_truncate', 'task_type', ...(model.takesDimensions ? ['dimensions'] : [])],
    receipt,
  );
  const { dimensions, autoTruncate } = embedding;
  const texts = textsOnly(embedding);
  const taskType = embedding.taskType ?? texts[0]?.taskType;
  for (const item of texts) {
    if (item.title !== undefined) receipt.drop(`${item.path}.title`);
    if (item.taskType !== undefined && item.taskType !== taskType) receipt.drop(`${item.path}.task_type`);
  }
  return {
    body: {
      texts: texts.map(({ text }) => text),
      input_type: inputTypeOf(taskType),
      embedding_types: ['float'],
      ...(model.takesDimensions && dimensions !== undefined ? { output_dimension: dimensions } : {}),
      ...(autoTruncate === undefined ? {} : { truncate: autoTruncate ? model.cutsEnd : 'NONE' }),
    },
    dropped: receipt.dropped,
  };
}

/** Cohere needs one; a text without a task is taken for a document. */
function inputTypeOf(taskType: string | undefined): string {
  switch (taskType) {
    case 'RETRIEVAL_QUERY':
      return 'search_query';
    case 'CLASSIFICATION':
      return 'classification';
    case 'CLUSTERING':
      return 'clustering';
    default:
      return 'search_document';
  }
}

/** `embeddings {float: [[…]]}`, or of older models `embeddings: [[…]]`; and what was billed, which Bedrock leaves out. */
export function cohereAnswer(body: Uint8Array): EmbeddingAnswer {
  let vectors: EmbeddingVector[] | undefined;
  let inputTokens: number | undefined;
  const rows = arrayOf(
    'embeddings',
    rangeTo((values) => vectors?.push({ values, isTruncated: false })),
  );
  const listed = (source: JsonSource, start: number) => {
    vectors = [];
    return rows(source, start);
  };
  const byType = objectOf({ float: listed });
  walkAnswer(body, {
    embeddings: (source, start) => (source.bytes[start] === OPEN_BRACE ? byType : listed)(source, start),
    meta: objectOf({
      billed_units: objectOf({
        input_tokens: rangeTo((range) => {
          inputTokens = counterAt(body, range);
        }),
      }),
    }),
  });
  if (vectors === undefined) throw new UpstreamAnswerError('the answer must have "embeddings" of floats');
  return { vectors, inputTokens };
}
