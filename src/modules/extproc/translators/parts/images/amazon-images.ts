import { readString } from '../../../codec/json-scan.js';
import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError } from '../../translator.js';
import { arrayOf, rangeTo, walkAnswer } from '../json-walk.js';
import { optionalNumber } from '../request-fields.js';
import type { GeneratedImage, ImageAnswer } from './encode-images.js';
import { dropUnhandledMembers, type ImageRequest } from './image-request.js';

/**
 * Body of an InvokeModel request to Titan Image Generator or Nova Canvas. Which sizes and how many images a model gives is
 * for AWS to say; all come as PNG.
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html
 * @see https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
 */
export function amazonImageBody(image: ImageRequest): { readonly body: object; readonly dropped: readonly string[] } {
  const receipt = new Receipt();
  const { prompt, count, size, seed, negativePrompt, outputFormat, fields } = image;
  const cfgScale = optionalNumber(fields, 'cfg_scale', '');
  dropUnhandledMembers(image, ['negative_prompt', 'seed', 'cfg_scale', 'output_format'], receipt);
  const quality = qualityOf(image, receipt);
  if (outputFormat !== undefined && outputFormat !== 'png') receipt.drop('output_format');
  return {
    body: {
      taskType: 'TEXT_IMAGE',
      textToImageParams: { text: prompt, ...(negativePrompt ? { negativeText: negativePrompt } : {}) },
      imageGenerationConfig: {
        numberOfImages: count,
        ...(quality === undefined ? {} : { quality }),
        ...size,
        ...(cfgScale === undefined ? {} : { cfgScale }),
        ...(seed === undefined ? {} : { seed }),
      },
    },
    dropped: receipt.dropped,
  };
}

/** Two steps for what OpenAI's models have two to five of. */
function qualityOf({ quality }: ImageRequest, receipt: Receipt): string | undefined {
  switch (quality) {
    case undefined:
      return undefined;
    case 'standard':
    case 'medium':
      return 'standard';
    case 'hd':
    case 'high':
      return 'premium';
    default:
      receipt.drop('quality');
      return undefined;
  }
}

/**
 * `{images: [base64], error}`: `error` says that some, or all, were filtered.
 * @see https://docs.aws.amazon.com/nova/latest/userguide/image-gen-errors.html
 */
export function amazonImageAnswer(body: Uint8Array): ImageAnswer {
  let images: GeneratedImage[] | undefined;
  let reason: string | undefined;
  const rows = arrayOf(
    'images',
    rangeTo(({ start, end }) => images?.push({ base64: body.subarray(start, end) })),
  );
  walkAnswer(body, {
    images: (source, start) => {
      images = [];
      return rows(source, start);
    },
    error: rangeTo((range) => {
      reason = readString(body, range);
    }),
  });
  if (images === undefined && !reason) throw new UpstreamAnswerError('the answer must have "images"');
  return { images: images ?? [], filterReasons: reason ? [reason] : [] };
}
