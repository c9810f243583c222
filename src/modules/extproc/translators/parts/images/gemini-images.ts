import { stringOf } from '../../../codec/json-value.js';
import { Receipt } from '../../receipt.js';
import type { UpstreamRequest } from '../../translator.js';
import { blockText, parseAnswer, type AnswerPart, type Candidate } from '../gemini/answer.js';
import { toStopReason } from '../gemini/finish-reason.js';
import { generatePath, parseGeminiModel } from '../gemini/model.js';
import { UsageReader } from '../gemini/usage.js';
import type { GeminiRequest, ImageConfig } from '../gemini/wire.js';
import { formatOf, type GeneratedImage, type ImageAnswer } from './encode-images.js';
import {
  dropUnhandledMembers,
  exactRatio,
  outputOptionsOf,
  refuseSeveral,
  type ImageRequest,
} from './image-request.js';

/** Of all models that draw. @see https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/image-generation */
const RATIOS = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];
/** Other ratios have other numbers of pixels with each model. */
const SIZES: ReadonlyMap<string, ImageConfig> = new Map([['1024x1024', { aspectRatio: '1:1' }]]);
/** From Gemini 3 on there are larger ones. */
const SIZES_3: ReadonlyMap<string, ImageConfig> = new Map([
  ...SIZES,
  ['2048x2048', { aspectRatio: '1:1', imageSize: '2K' }],
  ['4096x4096', { aspectRatio: '1:1', imageSize: '4K' }],
]);

/**
 * Vertex AI's `generateContent` for the models of Gemini that draw, which Google names as the successors of Imagen.
 * @param knownModel Tells what the model can
 * @throws {UserFacingError} 422 for several images
 */
export function geminiImageRequest(image: ImageRequest, requestModel: string, knownModel: string): UpstreamRequest {
  refuseSeveral(image);
  const receipt = new Receipt();
  dropUnhandledMembers(image, ['seed', 'output_format', 'output_compression'], receipt);
  if (image.quality !== undefined) receipt.drop('quality');
  const imageOutputOptions = outputOptionsOf(image, receipt);
  const imageConfig = {
    ...sizeOf(image, parseGeminiModel(knownModel).isGemini3 ? SIZES_3 : SIZES, receipt),
    ...(imageOutputOptions === undefined ? {} : { imageOutputOptions }),
  };
  const body: GeminiRequest = {
    contents: [{ role: 'user', parts: [{ text: image.prompt }] }],
    generationConfig: {
      responseModalities: ['IMAGE'],
      ...(Object.keys(imageConfig).length === 0 ? {} : { imageConfig }),
      ...(image.seed === undefined ? {} : { seed: image.seed }),
    },
  };
  return {
    path: generatePath(requestModel, false),
    sets: [],
    body: Buffer.from(JSON.stringify(body)),
    dropped: receipt.dropped,
  };
}

function sizeOf({ size }: ImageRequest, sizes: ReadonlyMap<string, ImageConfig>, receipt: Receipt): ImageConfig {
  if (size === undefined) return {};
  const exact = sizes.get(`${size.width}x${size.height}`);
  if (exact) return exact;
  receipt.drop('size');
  const aspectRatio = exactRatio(size, RATIOS);
  return aspectRatio === undefined ? {} : { aspectRatio };
}

/** Images among the parts of the candidates, or the reasons why there are none. */
export function geminiImageAnswer(body: Uint8Array): ImageAnswer {
  const { candidates, block, usageMetadata, model } = parseAnswer(body);
  const counters = new UsageReader();
  counters.add(usageMetadata);
  const { usage } = counters;
  const reasons = candidates.map(blockedText).filter((reason) => reason !== undefined);
  return {
    images: candidates.flatMap(({ parts }) => parts.flatMap(imagesIn)),
    filterReasons: block === undefined ? [...new Set(reasons)] : [blockText(block)],
    ...(usage === undefined ? {} : { usage }),
    ...(model === undefined ? {} : { model }),
  };
}

const imagesIn = (part: AnswerPart): readonly GeneratedImage[] =>
  part.kind === 'media' ? [{ base64: Buffer.from(JSON.stringify(part.data)), ...formatOf(part.mimeType) }] : [];

/** Undefined for a candidate that ended in another way. */
function blockedText({ finishReason, raw }: Candidate): string | undefined {
  if (finishReason === undefined || toStopReason(finishReason, false) !== 'refusal') return undefined;
  return stringOf(raw['finishMessage']) || `The image was blocked: ${finishReason}`;
}
