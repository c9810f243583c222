import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { GoogleGenAI, type GenerateImagesConfig, type GenerateImagesResponse } from '@google/genai';
import { fixedEnv } from '../../../../../../test/harness/cell.js';
import { encodeImages } from './encode-images.js';
import { imagenAnswer } from './imagen.js';

/*
 * What we send is what Google's own SDK would send for the same wish, and what we read of an answer is what it reads: the SDK
 * copies the members that it knows one by one, so that a misspelt one of ours would be missing.
 */

interface ImagenBody {
  readonly instances: readonly [{ readonly prompt: string }];
  readonly parameters: {
    readonly sampleCount: number;
    readonly aspectRatio?: string;
    readonly sampleImageSize?: string;
    readonly negativePrompt?: string;
    readonly outputOptions?: { readonly mimeType: string; readonly compressionQuality?: number };
    readonly includeRaiReason: boolean;
  };
}

/** The SDK's request of the same wish, and what it makes of an answer; nothing leaves the process. */
async function throughTheSdk({ instances, parameters }: ImagenBody, answer: object) {
  let sent: { path: string; body: unknown } | undefined;
  const client = new GoogleGenAI({
    vertexai: true,
    apiKey: 'no-key',
    apiVersion: 'v1',
    httpOptions: {
      fetch(url, init) {
        sent = {
          path: new URL(url instanceof Request ? url.url : url).pathname,
          body: JSON.parse(init?.body as string),
        };
        return Promise.resolve(Response.json(answer));
      },
    },
  });
  const { sampleCount, aspectRatio, sampleImageSize, negativePrompt, outputOptions, includeRaiReason } = parameters;
  const config: GenerateImagesConfig = {
    numberOfImages: sampleCount,
    includeRaiReason,
    ...(aspectRatio === undefined ? {} : { aspectRatio }),
    ...(sampleImageSize === undefined ? {} : { imageSize: sampleImageSize }),
    ...(negativePrompt === undefined ? {} : { negativePrompt }),
    ...(outputOptions === undefined ? {} : { outputMimeType: outputOptions.mimeType }),
    ...(outputOptions?.compressionQuality === undefined
      ? {}
      : { outputCompressionQuality: outputOptions.compressionQuality }),
  };
  const given = await client.models.generateImages({ model: 'imagen', prompt: instances[0].prompt, config });
  return { sent, given };
}

const FOLDER = fileURLToPath(new URL('../../testdata/images-generations/GCPVertexAI/', import.meta.url));
const isOfImagen = (body: object | undefined): body is ImagenBody => body !== undefined && 'instances' in body;
const REQUESTS = readdirSync(FOLDER)
  .filter((name) => /^request-.*\.out\.json$/.test(name))
  .map((name) => [name, (JSON.parse(readFileSync(FOLDER + name, 'utf8')) as { body?: object }).body] as const)
  .flatMap(([name, body]) => (isOfImagen(body) ? [[name, body] as const] : []));

const imagesOf = ({ generatedImages = [] }: GenerateImagesResponse) =>
  generatedImages.flatMap(({ image, enhancedPrompt }) =>
    image?.imageBytes === undefined
      ? []
      : [{ b64_json: image.imageBytes, ...(enhancedPrompt === undefined ? {} : { revised_prompt: enhancedPrompt }) }],
  );

describe('requests for images of Imagen (G33)', () => {
  it.each(REQUESTS)('are what the SDK sends for the golden case %s', async (_, body) => {
    const { sent } = await throughTheSdk(body, { predictions: [] });
    expect(sent?.body).toEqual(body);
    expect(sent?.path).toMatch(/\/publishers\/google\/models\/imagen:predict$/);
  });

  it('are several', () => {
    expect(REQUESTS.length).toBeGreaterThan(3);
  });
});

describe('answers of Imagen', () => {
  it('are read as the SDK reads them', async () => {
    const answer = {
      predictions: [
        { mimeType: 'image/png', bytesBase64Encoded: 'aGk=', prompt: 'a cat, photo' },
        { raiFilteredReason: 'no' },
        { mimeType: 'image/png', bytesBase64Encoded: 'aGo=' },
      ],
    };
    const { given } = await throughTheSdk(REQUESTS[0]![1], answer);
    const bytes = Buffer.from(JSON.stringify(answer));
    const ours = encodeImages(imagenAnswer(bytes), fixedEnv().nowSeconds());
    const { data, filtered_reasons } = JSON.parse(Buffer.from(ours.body!).toString()) as {
      data: unknown;
      filtered_reasons: unknown;
    };
    expect(data).toEqual(imagesOf(given));
    expect(filtered_reasons).toEqual(
      given.generatedImages?.flatMap(({ raiFilteredReason }) => raiFilteredReason ?? []),
    );
  });
});
