import { OPEN_BRACKET } from '../../../codec/json-skip.js';
import { readJson, type ByteRange } from '../../../codec/json-scan.js';
import { UpstreamAnswerError, type ClientResponse } from '../../translator.js';

/** What a provider answered: vectors as they lie in its bytes. */
export interface EmbeddingAnswer {
  readonly vectors: readonly EmbeddingVector[];
  /** Undefined when the provider reported none. */
  readonly inputTokens: number | undefined;
}

export interface EmbeddingVector {
  /** Of an array of numbers. */
  readonly values: ByteRange;
  readonly isTruncated: boolean;
}

/**
 * An embedding list in OpenAI's shape. The numbers go through as the provider wrote them, unless base64 was asked for: then
 * they become little-endian float32 values (translators.md G24).
 */
export function encodeEmbeddings(
  body: Uint8Array,
  { vectors, inputTokens }: EmbeddingAnswer,
  isBase64: boolean,
  model: string,
): ClientResponse {
  const parts: Uint8Array[] = [Buffer.from('{"object":"list","data":[')];
  for (const [index, { values, isTruncated }] of vectors.entries()) {
    if (body[values.start] !== OPEN_BRACKET) throw new UpstreamAnswerError('an embedding must be an array of numbers');
    parts.push(Buffer.from(`${index === 0 ? '' : ','}{"object":"embedding","index":${index},"embedding":`));
    parts.push(isBase64 ? base64Of(body, values) : body.subarray(values.start, values.end));
    parts.push(Buffer.from(isTruncated ? ',"truncated":true}' : '}'));
  }
  const tokens = inputTokens ?? 0;
  const usage = JSON.stringify({ prompt_tokens: tokens, total_tokens: tokens });
  parts.push(Buffer.from(`],"model":${JSON.stringify(model)},"usage":${usage}}`));
  return {
    body: Buffer.concat(parts),
    sets: [{ name: 'content-type', value: 'application/json' }],
    model,
    ...(inputTokens === undefined ? {} : { usage: { inputTokens, totalTokens: inputTokens } }),
  };
}

function base64Of(body: Uint8Array, range: ByteRange): Uint8Array {
  const values = readJson(body, range) as readonly unknown[];
  const floats = Buffer.allocUnsafe(values.length * 4);
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'number') throw new UpstreamAnswerError('an embedding must be an array of numbers');
    floats.writeFloatLE(value, index * 4);
  }
  return Buffer.from(`"${floats.toString('base64')}"`);
}
