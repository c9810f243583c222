import type { ByteRange } from '../../../codec/json-scan.js';
import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError } from '../../translator.js';
import { arrayOf, objectOf, rangeTo, walkAnswer } from '../json-walk.js';
import { isNull } from './answer-scan.js';
import { dropUnhandledMembers, onlyText, type EmbeddingRequest } from './embedding-request.js';
import type { EmbeddingAnswer, EmbeddingVector } from './encode-embeddings.js';

/**
 * Body of an InvokeModel request to Nova Multimodal Embeddings, which embeds one text at a time. It must be told what to do
 * with a text that is too long: to refuse it, as OpenAI does, where the client says nothing.
 * @see https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
 */
export function novaEmbedBody(embedding: EmbeddingRequest): {
  readonly body: object;
  readonly dropped: readonly string[];
} {
  const receipt = new Receipt();
  dropUnhandledMembers(embedding, ['dimensions', 'auto_truncate', 'task_type'], receipt);
  const { dimensions, autoTruncate, taskType } = embedding;
  return {
    body: {
      schemaVersion: 'nova-multimodal-embed-v1',
      taskType: 'SINGLE_EMBEDDING',
      singleEmbeddingParams: {
        embeddingPurpose: purposeOf(taskType),
        ...(dimensions === undefined ? {} : { embeddingDimension: dimensions }),
        text: { truncationMode: autoTruncate === true ? 'END' : 'NONE', value: onlyText(embedding) },
      },
    },
    dropped: receipt.dropped,
  };
}

/** Nova needs one; a text without a task is taken for one to be found, and what is looked for is found among texts. */
function purposeOf(taskType: string | undefined): string {
  switch (taskType) {
    case 'RETRIEVAL_QUERY':
    case 'CODE_RETRIEVAL_QUERY':
    case 'QUESTION_ANSWERING':
    case 'FACT_VERIFICATION':
      return 'TEXT_RETRIEVAL';
    case 'CLASSIFICATION':
    case 'CLUSTERING':
      return taskType;
    default:
      return 'GENERIC_INDEX';
  }
}

/** `embeddings [{embeddingType, embedding, truncatedCharLength}]`, the last one only of a text that was cut. */
export function novaAnswer(body: Uint8Array): EmbeddingAnswer {
  let vectors: EmbeddingVector[] | undefined;
  let values: ByteRange | undefined;
  let isTruncated = false;
  const item = objectOf({
    embedding: rangeTo((range) => {
      values = range;
    }),
    truncatedCharLength: rangeTo((range) => {
      isTruncated = !isNull(body, range);
    }),
  });
  const items = arrayOf('embeddings', (source, start) => {
    values = undefined;
    isTruncated = false;
    const end = item(source, start);
    if (values === undefined) {
      throw new UpstreamAnswerError(`"embeddings[${vectors!.length}]" of the answer must have "embedding"`);
    }
    vectors!.push({ values, isTruncated });
    return end;
  });
  walkAnswer(body, {
    embeddings: (source, start) => {
      vectors = [];
      return items(source, start);
    },
  });
  if (!vectors?.length) throw new UpstreamAnswerError('the answer must have "embeddings"');
  return { vectors, inputTokens: undefined };
}
