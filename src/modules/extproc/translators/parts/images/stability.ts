import { readString } from '../../../codec/json-scan.js';
import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError } from '../../translator.js';
import { arrayOf, rangeTo, walkAnswer } from '../json-walk.js';
import type { ImageAnswer } from './encode-images.js';
import { dropUnhandledMembers, exactRatio, refuseSeveral, type ImageRequest } from './image-request.js';

const RATIOS = ['1:1', '2:3', '3:2', '4:5', '5:4', '9:16', '16:9', '9:21', '21:9'];

/**
 * Body of an InvokeModel request to a text-to-image model of Stability AI, which gives one image. A size is a ratio to these
 * models, each of which has its own number of pixels: the receipt tells that.
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-diffusion-stable-image-core-text-image-request-response.html
 * @throws {UserFacingError} 422 for several images
 */
export function stabilityBody(image: ImageRequest): { readonly body: object; readonly dropped: readonly string[] } {
  const { prompt, size, seed, negativePrompt, outputFormat, quality } = image;
  refuseSeveral(image);
  const receipt = new Receipt();
  dropUnhandledMembers(image, ['negative_prompt', 'seed', 'output_format'], receipt);
  const aspectRatio = size && exactRatio(size, RATIOS);
  const isKnownFormat = outputFormat === 'png' || outputFormat === 'jpeg';
  if (size !== undefined) receipt.drop('size');
  if (quality !== undefined) receipt.drop('quality');
  if (outputFormat !== undefined && !isKnownFormat) receipt.drop('output_format');
  return {
    body: {
      prompt,
      mode: 'text-to-image',
      ...(aspectRatio === undefined ? {} : { aspect_ratio: aspectRatio }),
      ...(isKnownFormat ? { output_format: outputFormat } : {}),
      ...(negativePrompt ? { negative_prompt: negativePrompt } : {}),
      ...(seed === undefined ? {} : { seed }),
    },
    dropped: receipt.dropped,
  };
}

const FAILED = 'Inference error';

/** `{images: [base64], finish_reasons: [null]}`; a reason other than null says why the image of its place is kept back. */
export function stabilityAnswer(body: Uint8Array): ImageAnswer {
  let images: Uint8Array[] | undefined;
  let reasons: (string | undefined)[] = [];
  const imageItems = arrayOf(
    'images',
    rangeTo(({ start, end }) => images?.push(body.subarray(start, end))),
  );
  const reasonItems = arrayOf(
    'finish_reasons',
    rangeTo((range) => reasons.push(readString(body, range) || undefined)),
  );
  walkAnswer(body, {
    images: (source, start) => {
      images = [];
      return imageItems(source, start);
    },
    finish_reasons: (source, start) => {
      reasons = [];
      return reasonItems(source, start);
    },
  });
  const told = reasons.filter((reason) => reason !== undefined);
  if (told.includes(FAILED)) throw new UpstreamAnswerError(`the model failed: ${FAILED}`);
  if (images === undefined && told.length === 0) throw new UpstreamAnswerError('the answer must have "images"');
  const shown = (images ?? []).filter((_, index) => reasons[index] === undefined);
  return { images: shown.map((base64) => ({ base64 })), filterReasons: [...new Set(told)] };
}
