import {
  parseJsonLeniently,
  isJsonArray,
  isJsonObject,
  numberOf,
  objectOf,
  type JsonValue,
} from '../../codec/json-value.js';
import { awsError } from '../parts/aws/aws-error.js';
import { escapeModel } from '../parts/aws/model-path.js';
import { encodeRanking, rerankError } from '../parts/rerank/rerank-answer.js';
import { readRerankRequest, type RerankRequest } from '../parts/rerank/rerank-request.js';
import { UpstreamAnswerError, type ClientResponse, type Translator, type TranslatorEnv } from '../translator.js';

/** Cohere's rerank models behind InvokeModel. @see spec translators.md 18.5 */
export const rerankToAWSBedrock: Translator = {
  start({ request, requestModel }, env) {
    const rerank = readRerankRequest(request.document());
    return {
      kind: 'translating',
      request: {
        path: `/model/${escapeModel(requestModel)}/invoke`,
        sets: [],
        body: Buffer.from(JSON.stringify(bodyOf(rerank))),
        dropped: rerank.dropped,
      },
      fallbackModel: requestModel,
      whole: (_, body) => rankingOf(body, env),
      stream() {
        throw new Error('a ranking does not stream');
      },
      error: (head, body) => rerankError(awsError(head, body)),
    };
  },
};

/** `api_version` chooses the shape of the answer; 2 is the only one left. */
const bodyOf = ({ query, documents, topN }: RerankRequest): object => ({
  query,
  documents,
  ...(topN === undefined ? {} : { top_n: topN }),
  api_version: 2,
});

/** `{results}` as Cohere's own API gives it; Bedrock tells neither id nor units. */
function rankingOf(body: Uint8Array, env: TranslatorEnv): ClientResponse {
  const answer = parseJsonLeniently(body);
  const results = isJsonObject(answer) ? answer['results'] : undefined;
  if (!isJsonArray(results)) throw new UpstreamAnswerError('the answer must have "results"');
  const odd = results.findIndex((result) => !isResult(result));
  if (odd >= 0) {
    throw new UpstreamAnswerError(
      `"results[${odd}]" must have "index", a whole number, and "relevance_score", a number`,
    );
  }
  const { id, meta } = objectOf(answer);
  return encodeRanking({ id: id ?? env.newId('rerank-'), results, meta: meta ?? {} });
}

const isIndex = (value: number | undefined) => Number.isInteger(value) && value! >= 0;

const isResult = (result: JsonValue): boolean =>
  isJsonObject(result) && isIndex(numberOf(result['index'])) && numberOf(result['relevance_score']) !== undefined;
