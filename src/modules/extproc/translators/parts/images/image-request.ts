import { UserFacingError } from '../../../../../shared/errors.js';
import { numberOf, type JsonObject, type JsonValue } from '../../../codec/json-value.js';
import { MalformedRequestError } from '../../../request-error.js';
import type { Receipt } from '../../receipt.js';
import { dropUnhandledFields } from '../chat/handled-fields.js';
import type { ImageOutputOptions } from '../gemini/wire.js';
import { optionalBoolean, optionalInteger, optionalString, requiredString, unknownWord } from '../request-fields.js';

/**
 * A request for images in OpenAI's shape, for providers with another one.
 * @see spec translators.md section 8, and OpenAI's reference of `POST /v1/images/generations`
 */
export interface ImageRequest {
  readonly prompt: string;
  /** How many images; at least 1. */
  readonly count: number;
  /** Undefined: any size is welcome. */
  readonly size: ImageSize | undefined;
  /** `low`, `high`, …; undefined when any is welcome. */
  readonly quality: string | undefined;
  /** `png`, `jpeg`, …; undefined when the client names none. */
  readonly outputFormat: string | undefined;
  /** Percent, 100 for the best image. */
  readonly outputCompression: number | undefined;
  /** Not of OpenAI: what many servers of open models take besides. */
  readonly negativePrompt: string | undefined;
  readonly seed: number | undefined;
  /** The body's members, for receipts. */
  readonly fields: JsonObject;
}

/** In pixels, each at least 1. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * @throws {MalformedRequestError} 400
 * @throws {UserFacingError} 422 for what no provider can give that answers with whole images in its body
 */
export function readImageRequest(document: JsonObject): ImageRequest {
  refuseLinks(optionalString(document, 'response_format', ''));
  if (optionalBoolean(document, 'stream', '') === true) {
    throw new UserFacingError('"stream" cannot be true for this backend, which gives whole images only: leave it out');
  }
  const count = optionalInteger(document, 'n', '') ?? 1;
  if (count < 1) throw new MalformedRequestError(`malformed request: "n" must be at least 1, found ${count}`);
  const quality = optionalString(document, 'quality', '');
  return {
    prompt: requiredString(document, 'prompt', ''),
    count,
    size: sizeOf(optionalString(document, 'size', '')),
    quality: quality === 'auto' ? undefined : quality,
    outputFormat: optionalString(document, 'output_format', ''),
    outputCompression: optionalInteger(document, 'output_compression', ''),
    negativePrompt: optionalString(document, 'negative_prompt', ''),
    seed: optionalInteger(document, 'seed', ''),
    fields: document,
  };
}

/** A client that asks for links reads no other member. */
function refuseLinks(format: string | undefined): void {
  if (format === undefined || format === 'b64_json') return;
  if (format !== 'url') throw unknownWord('response_format', '"b64_json" or "url"', format);
  throw new UserFacingError(
    '"response_format" cannot be "url" for this backend, which gives images and no links to them: ask for "b64_json"',
  );
}

/** Beyond five digits nobody draws. */
const SIZE = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/;

function sizeOf(text: string | undefined): ImageSize | undefined {
  if (text === undefined || text === 'auto') return undefined;
  const match = SIZE.exec(text);
  if (match === null) throw unknownWord('size', '"auto" or width and height in pixels such as "1024x1024"', text);
  return { width: Number(match[1]), height: Number(match[2]) };
}

/** Members that every backend answers for. */
const KNOWN = ['prompt', 'n', 'size', 'quality', 'response_format'];

/** Values that ask for what happens anyway. */
const WITHOUT_EFFECT: Readonly<Record<string, (value: JsonValue | undefined) => boolean>> = {
  background: (value) => value === 'auto' || value === 'opaque',
  moderation: (value) => value === 'auto',
  // Only of a stream.
  partial_images: (value) => numberOf(value) === 0,
  negative_prompt: (value) => value === '',
  safety_identifier: (value) => value === '',
};

/** Puts the members that a provider does not get into the receipt. */
export function dropUnhandledMembers({ fields }: ImageRequest, handled: readonly string[], receipt: Receipt): void {
  const idle = Object.entries(WITHOUT_EFFECT).flatMap(([name, isIdle]) => (isIdle(fields[name]) ? [name] : []));
  dropUnhandledFields(fields, new Set([...KNOWN, ...handled, ...idle]), receipt);
}

/** The ratio, e.g. `16:9`, that a size has exactly; undefined when none of these has it. */
export const exactRatio = ({ width, height }: ImageSize, ratios: readonly string[]): string | undefined =>
  ratios.find((ratio) => {
    const [across, down] = ratio.split(':').map(Number) as [number, number];
    return width * down === height * across;
  });

/** For models that draw one image for a request. @throws {UserFacingError} 422 */
export function refuseSeveral({ count }: ImageRequest): void {
  if (count === 1) return;
  throw new UserFacingError(`"n" must be 1 for this model, found ${count}: send one request for each image`);
}

/** Format and quality as Google's models take them; undefined where the client leaves them to the model. */
export function outputOptionsOf(
  { outputFormat, outputCompression }: ImageRequest,
  receipt: Receipt,
): ImageOutputOptions | undefined {
  const isKnown = outputFormat === undefined || outputFormat === 'png' || outputFormat === 'jpeg';
  if (!isKnown) receipt.drop('output_format');
  const isCompressed = outputFormat === 'jpeg' && outputCompression !== undefined;
  if (outputCompression !== undefined && !isCompressed) receipt.drop('output_compression');
  if (outputFormat === undefined || !isKnown) return undefined;
  const compression = isCompressed ? { compressionQuality: outputCompression } : {};
  return { mimeType: `image/${outputFormat}`, ...compression };
}
