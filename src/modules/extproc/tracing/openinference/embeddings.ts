import {
  arrayOf,
  isJsonArray,
  numberOf,
  objectOf,
  stringOf,
  type JsonObject,
  type JsonValue,
} from '../../codec/json-value.js';
import { attributeKeys } from './attribute-keys.js';
import { nonEmpty, setInput, setKind, setOutputType, setOutputValue } from './common-attributes.js';
import type { EndpointSpans } from './endpoint-spans.js';
import { shownParameters } from './invocation-parameters.js';
import { setTokenCounts } from './token-counts.js';

const PARAMETERS = ['model', 'encoding_format', 'dimensions', 'user'] as const;

/** @see spec observability.md 4.2, 4.3 `embeddings` */
export const embeddings: EndpointSpans = {
  name: 'CreateEmbeddings',
  request(record, view, redaction) {
    const { document } = view;
    setKind(record, 'EMBEDDING');
    setInput(record, view, redaction);
    if (!redaction.hidesInvocationParameters) {
      const parameters = shownParameters(parametersOf(document), redaction);
      record.set(attributeKeys.embeddingInvocationParameters, JSON.stringify(parameters));
    }
    if (redaction.hidesEmbeddingTexts) return;
    for (const [index, text] of embeddedTexts(document)) record.setItem(attributeKeys.embeddingText(index), text);
  },
  answer(record, answer, redaction) {
    if (answer.kind !== 'json') return;
    const { document, text } = answer;
    record.set(attributeKeys.embeddingModel, stringOf(document['model']) ?? '');
    setOutputType(record, redaction);
    if (!redaction.hidesEmbeddingVectors) {
      for (const [index, item] of arrayOf(document['data']).entries()) {
        const vector = vectorOf(objectOf(item)['embedding']);
        if (vector.length > 0) record.setItem(attributeKeys.embeddingVector(index), vector);
      }
    }
    const { prompt_tokens, total_tokens } = objectOf(document['usage']);
    setTokenCounts(record, { prompt_tokens, total_tokens });
    setOutputValue(record, () => text, redaction);
  },
};

const parametersOf = (document: JsonObject): JsonObject =>
  Object.fromEntries(
    PARAMETERS.flatMap((name) => {
      const value = document[name];
      return value === undefined || value === null ? [] : [[name, value]];
    }),
  );

/** Texts with their numbers: those of inputs are positions, those of a chat are counted. */
function embeddedTexts({ input, messages }: JsonObject): Iterable<readonly [number, string | undefined]> {
  if (typeof input === 'string') return [[0, input]];
  if (isJsonArray(input)) return input.map((text, index) => [index, stringOf(text)]);
  return arrayOf(messages).flatMap(userTexts).entries();
}

function userTexts(message: JsonValue): readonly string[] {
  const { role, content } = objectOf(message);
  if (role !== 'user') return [];
  const parts = isJsonArray(content) ? content.map((part) => textOfPart(objectOf(part))) : [nonEmpty(content)];
  return parts.filter((text) => text !== undefined);
}

const textOfPart = ({ type, text }: JsonObject): string | undefined => (type === 'text' ? nonEmpty(text) : undefined);

/** Empty for what is no vector. */
function vectorOf(value: JsonValue | undefined): number[] {
  if (typeof value === 'string') return decodedVector(value);
  const numbers = arrayOf(value).map(numberOf);
  return numbers.every((number) => number !== undefined) ? numbers : [];
}

const FLOAT_BYTES = 4;

/** Little-endian float32 in base64. @see https://platform.openai.com/docs/api-reference/embeddings/create */
function decodedVector(text: string): number[] {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return [];
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % FLOAT_BYTES !== 0) return [];
  return Array.from({ length: bytes.length / FLOAT_BYTES }, (_, index) => bytes.readFloatLE(index * FLOAT_BYTES));
}
