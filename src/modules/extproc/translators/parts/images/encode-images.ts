import type { TokenUsage } from '../../../../../shared/token-usage.js';
import { QUOTE } from '../../../codec/json-skip.js';
import { UpstreamAnswerError, type ClientResponse, type ResponseFacts } from '../../translator.js';

/** What a provider answered. */
export interface ImageAnswer extends ResponseFacts {
  readonly images: readonly GeneratedImage[];
  /** In the provider's words, why images were kept back; none when all are there. */
  readonly filterReasons: readonly string[];
}

export interface GeneratedImage {
  /** A JSON text, of which only its quotation mark has been looked at. */
  readonly base64: Uint8Array;
  /** The prompt that the provider made of the client's. */
  readonly revisedPrompt?: string;
  /** `png`, `jpeg`, …, when the provider tells it. */
  readonly format?: string;
}

/**
 * An answer in OpenAI's shape. The images go through as the provider wrote them: they are megabytes that nobody here reads.
 * Fewer images than asked for come with `filtered_reasons`, a member of ours; when all were kept back the client gets what
 * OpenAI gives then, a 400 that is not worth a retry.
 * @throws {UpstreamAnswerError} when there is neither an image nor a reason
 */
export function encodeImages(answer: ImageAnswer, createdSeconds: number): ClientResponse {
  const { images, filterReasons, usage, model } = answer;
  const facts = { ...(usage ? { usage } : {}), ...(model === undefined ? {} : { model }) };
  if (images.length === 0) {
    if (filterReasons.length === 0) throw new UpstreamAnswerError('the answer must have an image');
    return { ...moderationBlocked(filterReasons), ...facts };
  }
  const parts: Uint8Array[] = [Buffer.from(`{"created":${createdSeconds},"data":[`)];
  for (const [index, { base64, revisedPrompt }] of images.entries()) {
    if (base64[0] !== QUOTE) throw new UpstreamAnswerError('an image must be a text in base64');
    parts.push(Buffer.from(`${index === 0 ? '' : ','}{"b64_json":`), base64);
    parts.push(Buffer.from(revisedPrompt === undefined ? '}' : `,"revised_prompt":${JSON.stringify(revisedPrompt)}}`));
  }
  const more = {
    ...commonFormat(images),
    ...(usage ? { usage: usageOf(usage) } : {}),
    ...(filterReasons.length === 0 ? {} : { filtered_reasons: filterReasons }),
  };
  const members = JSON.stringify(more).slice(1, -1);
  parts.push(Buffer.from(`]${members === '' ? '' : `,${members}`}}`));
  return { body: Buffer.concat(parts), sets: [{ name: 'content-type', value: 'application/json' }], ...facts };
}

/** A member `format` for a type such as `image/png`. */
export const formatOf = (mimeType: string | undefined): { readonly format?: string } =>
  mimeType?.startsWith('image/') ? { format: mimeType.slice('image/'.length) } : {};

/** All that the model reads is the prompt. */
const usageOf = ({ inputTokens = 0, outputTokens = 0, totalTokens }: TokenUsage) => ({
  input_tokens: inputTokens,
  input_tokens_details: { text_tokens: inputTokens, image_tokens: 0 },
  output_tokens: outputTokens,
  total_tokens: totalTokens ?? inputTokens + outputTokens,
});

/** OpenAI has one format for all images of an answer. */
function commonFormat(images: readonly GeneratedImage[]): { readonly output_format?: string } {
  const format = images[0]?.format;
  return format !== undefined && images.every((image) => image.format === format) ? { output_format: format } : {};
}

/** The provider says so with a good status; OpenAI with this error, which its clients know. */
const moderationBlocked = (reasons: readonly string[]): ClientResponse => ({
  body: Buffer.from(
    JSON.stringify({
      type: 'error',
      error: {
        type: 'image_generation_user_error',
        code: 'moderation_blocked',
        message: `the provider kept back all images: ${reasons.join(' ')}`,
        param: null,
      },
    }),
  ),
  sets: [
    { name: ':status', value: '400' },
    { name: 'content-type', value: 'application/json' },
  ],
});
