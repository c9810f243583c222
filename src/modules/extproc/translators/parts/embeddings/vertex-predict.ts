import type { ByteRange } from '../../../codec/json-scan.js';
import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError, type UpstreamRequest } from '../../translator.js';
import { modelPath } from '../gemini/model.js';
import { counterAt, isTrueAt } from './answer-scan.js';
import { dropUnhandledMembers, textsOnly, type EmbeddingRequest, type EmbeddingText } from './embedding-request.js';
import type { EmbeddingAnswer, EmbeddingVector } from './encode-embeddings.js';
import { arrayOf, objectOf, rangeTo, walkAnswer } from '../json-walk.js';

const HANDLED = ['dimensions', 'auto_truncate', 'task_type', 'title'];

/** Vertex AI's `predict`, which embeds many texts at once. @see spec translators.md 7.3 */
export function predictRequest(embedding: EmbeddingRequest, model: string): UpstreamRequest {
  const receipt = new Receipt();
  dropUnhandledMembers(embedding, HANDLED, receipt);
  const { dimensions, autoTruncate } = embedding;
  const body = {
    instances: textsOnly(embedding).map((item) => instanceOf(item, embedding, receipt)),
    parameters: {
      ...(autoTruncate === undefined ? {} : { autoTruncate }),
      ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
    },
  };
  return {
    path: modelPath(model, 'predict'),
    sets: [],
    body: Buffer.from(JSON.stringify(body)),
    dropped: receipt.dropped,
  };
}

/** What the request says of all texts counts before what an item says of itself; only documents may have a title of their own. */
function instanceOf(item: EmbeddingText, embedding: EmbeddingRequest, receipt: Receipt) {
  const taskType = embedding.taskType ?? item.taskType;
  const ownTitle = item.taskType === 'RETRIEVAL_DOCUMENT' ? item.title : undefined;
  const title = embedding.title ?? ownTitle;
  if (item.taskType !== undefined && item.taskType !== taskType) receipt.drop(`${item.path}.task_type`);
  if (item.title !== undefined && item.title !== title) receipt.drop(`${item.path}.title`);
  return {
    content: item.text,
    ...(taskType === undefined ? {} : { task_type: taskType }),
    ...(title === undefined ? {} : { title }),
  };
}

/** `predictions[].embeddings {values, statistics {token_count, truncated}}`. */
export function predictAnswer(body: Uint8Array): EmbeddingAnswer {
  let vectors: EmbeddingVector[] = [];
  let inputTokens: number | undefined;
  let values: ByteRange | undefined;
  let isTruncated = false;
  const statistics = objectOf({
    token_count: rangeTo((range) => {
      const tokens = counterAt(body, range);
      if (tokens !== undefined) inputTokens = (inputTokens ?? 0) + tokens;
    }),
    truncated: rangeTo((range) => {
      isTruncated = isTrueAt(body, range);
    }),
  });
  const found = rangeTo((range) => {
    values = range;
  });
  const prediction = objectOf({ embeddings: objectOf({ values: found, statistics }) });
  const predictions = arrayOf('predictions', (source, start) => {
    values = undefined;
    isTruncated = false;
    const end = prediction(source, start);
    if (values === undefined) {
      throw new UpstreamAnswerError(`"predictions[${vectors.length}]" of the answer must have "embeddings.values"`);
    }
    vectors.push({ values, isTruncated });
    return end;
  });
  walkAnswer(body, {
    predictions: (source, start) => {
      vectors = [];
      inputTokens = undefined;
      return predictions(source, start);
    },
  });
  return { vectors, inputTokens };
}
