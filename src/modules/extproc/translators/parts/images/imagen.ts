import { readString } from '../../../codec/json-scan.js';
import { Receipt } from '../../receipt.js';
import { UpstreamAnswerError, type UpstreamRequest } from '../../translator.js';
import { modelPath } from '../gemini/model.js';
import { arrayOf, objectOf, rangeTo, walkAnswer } from '../json-walk.js';
import { formatOf, type GeneratedImage, type ImageAnswer } from './encode-images.js';
import { dropUnhandledMembers, exactRatio, outputOptionsOf, type ImageRequest } from './image-request.js';

/** What Imagen draws, by what the client calls it. @see Google's pages of the models of Imagen 3 and 4 */
const SIZES: ReadonlyMap<string, { readonly aspectRatio: string; readonly sampleImageSize?: string }> = new Map([
  ['1024x1024', { aspectRatio: '1:1' }],
  ['896x1280', { aspectRatio: '3:4' }],
  ['1280x896', { aspectRatio: '4:3' }],
  ['768x1408', { aspectRatio: '9:16' }],
  ['1408x768', { aspectRatio: '16:9' }],
  ['2048x2048', { aspectRatio: '1:1', sampleImageSize: '2K' }],
  ['1792x2560', { aspectRatio: '3:4', sampleImageSize: '2K' }],
  ['2560x1792', { aspectRatio: '4:3', sampleImageSize: '2K' }],
  ['1536x2816', { aspectRatio: '9:16', sampleImageSize: '2K' }],
  ['2816x1536', { aspectRatio: '16:9', sampleImageSize: '2K' }],
]);
const RATIOS = ['1:1', '3:4', '4:3', '9:16', '16:9'];

/**
 * Vertex AI's `predict` for Imagen. `seed` is dropped: Imagen takes it only where its watermark is switched off, which a seed
 * does not ask for. Images that were filtered are to be told, not left out in silence.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
 */
export function imagenRequest(image: ImageRequest, model: string): UpstreamRequest {
  const receipt = new Receipt();
  const { prompt, count, negativePrompt } = image;
  dropUnhandledMembers(image, ['negative_prompt', 'output_format', 'output_compression'], receipt);
  const outputOptions = outputOptionsOf(image, receipt);
  const body = {
    instances: [{ prompt }],
    parameters: {
      // Imagen's own default is four.
      sampleCount: count,
      ...sizeOf(image, receipt),
      ...(negativePrompt ? { negativePrompt } : {}),
      ...(outputOptions === undefined ? {} : { outputOptions }),
      includeRaiReason: true,
    },
  };
  if (image.quality !== undefined) receipt.drop('quality');
  return {
    path: modelPath(model, 'predict'),
    sets: [],
    body: Buffer.from(JSON.stringify(body)),
    dropped: receipt.dropped,
  };
}

/** The size where Imagen has it; else its ratio, which the receipt tells to be less than was asked for; else nothing. */
function sizeOf({ size }: ImageRequest, receipt: Receipt): object {
  if (size === undefined) return {};
  const exact = SIZES.get(`${size.width}x${size.height}`);
  if (exact) return exact;
  receipt.drop('size');
  const aspectRatio = exactRatio(size, RATIOS);
  return aspectRatio === undefined ? {} : { aspectRatio };
}

/** `predictions[] {bytesBase64Encoded, mimeType, prompt}`, or `{raiFilteredReason}` in the place of an image. */
export function imagenAnswer(body: Uint8Array): ImageAnswer {
  let images: GeneratedImage[] | undefined;
  const reasons = new Set<string>();
  let found: { base64?: Uint8Array; mimeType?: string; prompt?: string; reason?: string } = {};
  const text = (name: 'mimeType' | 'prompt' | 'reason') =>
    rangeTo((range) => {
      const value = readString(body, range);
      if (value) found[name] = value;
    });
  const prediction = objectOf({
    bytesBase64Encoded: rangeTo((range) => {
      found.base64 = body.subarray(range.start, range.end);
    }),
    mimeType: text('mimeType'),
    prompt: text('prompt'),
    raiFilteredReason: text('reason'),
  });
  const predictions = arrayOf('predictions', (source, start) => {
    found = {};
    const end = prediction(source, start);
    const { base64, mimeType, prompt, reason } = found;
    if (reason !== undefined) reasons.add(reason);
    if (base64 !== undefined) {
      images!.push({ base64, ...formatOf(mimeType), ...(prompt === undefined ? {} : { revisedPrompt: prompt }) });
    }
    return end;
  });
  walkAnswer(body, {
    predictions: (source, start) => {
      images = [];
      reasons.clear();
      return predictions(source, start);
    },
  });
  if (images === undefined) throw new UpstreamAnswerError('the answer must have "predictions"');
  return { images, filterReasons: [...reasons] };
}
