import {
  parseJsonLeniently,
  isJsonArray,
  numberOf,
  objectOf,
  stringOf,
  type JsonValue,
} from '../../codec/json-value.js';
import { geminiError } from '../parts/gemini/error.js';
import { encodeRanking, rerankError } from '../parts/rerank/rerank-answer.js';
import { readRerankRequest, type RerankRequest } from '../parts/rerank/rerank-request.js';
import { UpstreamAnswerError, type ClientResponse, type Translator, type TranslatorEnv } from '../translator.js';

/**
 * The ranking API of Vertex AI Search, at `discoveryengine.googleapis.com`; project and location are put before the path as
 * in all cells of Google.
 * @see https://cloud.google.com/generative-ai-app-builder/docs/ranking
 */
export const rerankToGCPVertexAI: Translator = {
  start({ request, requestModel }, env) {
    const rerank = readRerankRequest(request.document());
    return {
      kind: 'translating',
      request: {
        path: 'rankingConfigs/default_ranking_config:rank',
        sets: [],
        body: Buffer.from(JSON.stringify(bodyOf(rerank, requestModel))),
        dropped: rerank.dropped,
      },
      fallbackModel: requestModel,
      whole: (_, body) => rankingOf(body, rerank.documents.length, env),
      stream() {
        throw new Error('a ranking does not stream');
      },
      error(head, body) {
        const { sets, ...error } = geminiError(head, body);
        return rerankError(error, sets);
      },
    };
  },
};

/** The id of a record is its index; the client has the texts and gets none back. */
const bodyOf = ({ query, documents, topN }: RerankRequest, model: string): object => ({
  model,
  query,
  records: documents.map((content, index) => ({ id: String(index), content })),
  ...(topN === undefined ? {} : { topN }),
  ignoreRecordDetailsInResponse: true,
});

/** `{records: [{id, score}]}`, the best first. Google tells neither an id nor what it counts. */
function rankingOf(body: Uint8Array, documentCount: number, env: TranslatorEnv): ClientResponse {
  const { records } = objectOf(parseJsonLeniently(body));
  if (!isJsonArray(records)) throw new UpstreamAnswerError('the answer must have "records"');
  const results = records.map((record, position) => resultOf(record, position, documentCount));
  return encodeRanking({ id: env.newId('rerank-'), results, meta: {} });
}

const INDEX = /^(?:0|[1-9]\d{0,8})$/;

function resultOf(record: JsonValue, position: number, documentCount: number): JsonValue {
  const { id, score } = objectOf(record);
  const index = INDEX.test(stringOf(id) ?? '') ? Number(id) : documentCount;
  if (index >= documentCount || numberOf(score) === undefined) {
    throw new UpstreamAnswerError(
      `"records[${position}]" must have "id", the index of a document, and "score", a number`,
    );
  }
  return { index, relevance_score: score };
}
