import {
  parseJsonLeniently,
  isJsonArray,
  isJsonObject,
  numberOf,
  objectOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import { awsError } from '../parts/aws/aws-error.js';
import { escapeModel } from '../parts/aws/model-path.js';
import { malformed, optionalInteger, requiredArray, requiredString } from '../parts/request-fields.js';
import { Receipt } from '../receipt.js';
import {
  UpstreamAnswerError,
  type ClientResponse,
  type ResponseHead,
  type Translator,
  type TranslatorEnv,
} from '../translator.js';

const JSON_TYPE = { name: 'content-type', value: 'application/json' };
const HANDLED = new Set(['model', 'query', 'documents', 'top_n']);

/** Cohere's rerank models behind InvokeModel. @see spec translators.md 18.5 */
export const rerankToAWSBedrock: Translator = {
  start({ request, requestModel }, env) {
    const document = request.document();
    const receipt = new Receipt();
    for (const [name, value] of Object.entries(document)) if (value !== null && !HANDLED.has(name)) receipt.drop(name);
    return {
      kind: 'translating',
      request: {
        path: `/model/${escapeModel(requestModel)}/invoke`,
        sets: [],
        body: Buffer.from(JSON.stringify(bodyOf(document))),
        dropped: receipt.dropped,
      },
      fallbackModel: requestModel,
      whole: (_, body) => ({ body: rankingOf(body, env), sets: [JSON_TYPE] }),
      stream() {
        throw new Error('a ranking does not stream');
      },
      error: errorOf,
    };
  },
};

/** `api_version` chooses the shape of the answer; 2 is the only one left. */
function bodyOf(document: JsonObject): object {
  const topN = optionalInteger(document, 'top_n', '');
  const documents = requiredArray(document, 'documents', '').map((item, index) => {
    if (typeof item !== 'string') throw malformed(`documents[${index}]`, 'a string', item);
    return item;
  });
  const query = requiredString(document, 'query', '');
  return { query, documents, ...(topN === undefined ? {} : { top_n: topN }), api_version: 2 };
}

/** `{results}` as Cohere's own API gives it; Bedrock tells neither id nor units. */
function rankingOf(body: Uint8Array, env: TranslatorEnv): Buffer {
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
  return Buffer.from(JSON.stringify({ id: id ?? env.newId('rerank-'), results, meta: meta ?? {} }));
}

const isIndex = (value: number | undefined) => Number.isInteger(value) && value! >= 0;

const isResult = (result: JsonValue): boolean =>
  isJsonObject(result) && isIndex(numberOf(result['index'])) && numberOf(result['relevance_score']) !== undefined;

function errorOf(head: ResponseHead, body: Uint8Array): ClientResponse {
  const { type, message } = awsError(head, body);
  const error = { type, code: String(head.status), message };
  return { body: Buffer.from(JSON.stringify({ message, error })), sets: [JSON_TYPE] };
}
