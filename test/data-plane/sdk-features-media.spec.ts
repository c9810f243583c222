import { describe, expect, it } from '@jest/globals';
import { toFile, type OpenAI } from 'openai';
import { chunked, event, json, whole, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { BACKENDS, useBackendOfEachSchema } from '../harness/schema-backends.js';
import { openaiClient } from '../harness/sdk-clients.js';
import type { RecordedRequest } from '../harness/test-upstream.js';

const world = useBackendOfEachSchema({
  titan: { ...BACKENDS.AWSBedrock, modelNameOverride: 'amazon.titan-embed-text-v2:0' },
  nova: { ...BACKENDS.AWSBedrock, modelNameOverride: 'us.amazon.nova-2-multimodal-embeddings-v1:0' },
  'nova-canvas': { ...BACKENDS.AWSBedrock, modelNameOverride: 'amazon.nova-canvas-v1:0' },
  stability: { ...BACKENDS.AWSBedrock, modelNameOverride: 'us.stability.stable-image-core-v1:1' },
  'gemini-image': { ...BACKENDS.GCPVertexAI, modelNameOverride: 'gemini-2.5-flash-image' },
  imagen: { ...BACKENDS.GCPVertexAI, modelNameOverride: 'imagen-4.0-generate-001' },
  'vertex-predict': { ...BACKENDS.GCPVertexAI, modelNameOverride: 'text-embedding-005' },
  'gemini-embedding': { ...BACKENDS.GCPVertexAI, modelNameOverride: 'gemini-embedding-2-preview' },
  'cohere-embed': { ...BACKENDS.Cohere, modelNameOverride: 'embed-v4.0' },
});

async function ask<T>(answer: Answer, how: (client: OpenAI) => PromiseLike<T>) {
  const caseId = newCase('media');
  world.upstreams.provider.script(caseId, answer);
  const given = await how(openaiClient(world.gateway, caseId));
  const sent = world.upstreams.provider.request(caseId);
  return { given, sent, entry: await world.gateway.envoy.accessLog.entry(caseId) };
}

const jsonOf = ({ body }: RecordedRequest) => JSON.parse(body.toString()) as Readonly<Record<string, unknown>>;
/** Fields and files of a form as Node's own parser finds them; files as their bytes in latin1. */
async function formOf({ body, headers }: RecordedRequest): Promise<(readonly [string, string])[]> {
  const response = new Response(body, { headers: { 'content-type': headers['content-type'] ?? '' } });
  const entries = [...(await response.formData())];
  return await Promise.all(
    entries.map(async ([name, value]) =>
      typeof value === 'string'
        ? ([name, value] as const)
        : ([name, Buffer.from(await value.arrayBuffer()).toString('latin1')] as const),
    ),
  );
}

describe('embeddings', () => {
  // Exact as float32, so that base64 keeps them.
  const FLOATS = [0.5, -1.25, 3];
  const BASE64 = Buffer.from(new Float32Array(FLOATS).buffer).toString('base64');
  const list = (embedding: unknown) => ({
    object: 'list',
    model: 'm',
    data: [{ object: 'embedding', index: 0, embedding }],
    usage: { prompt_tokens: 7, total_tokens: 7 },
  });
  const vertex = { predictions: [{ embeddings: { values: FLOATS, statistics: { token_count: 7 } } }] };
  const gemini = { embedding: { values: FLOATS }, usageMetadata: { promptTokenCount: 7 } };
  const cohere = { id: 'e', embeddings: { float: [FLOATS] }, meta: { billed_units: { input_tokens: 7 } } };

  // Without a word of the caller the SDK asks for base64 and decodes it; with one it does neither.
  describe.each([undefined, 'float', 'base64'] as const)('as %s', (encoding_format) => {
    const isBase64OnTheWire = encoding_format !== 'float';
    it.each<[string, object, object]>([
      ['OpenAI', list(isBase64OnTheWire ? BASE64 : FLOATS), { model: 'gpt-x', input: 'hello', dimensions: 3 }],
      ['AzureOpenAI', list(isBase64OnTheWire ? BASE64 : FLOATS), { input: 'hello', dimensions: 3 }],
      ['titan', { embedding: FLOATS, inputTextTokenCount: 7 }, { inputText: 'hello', dimensions: 3 }],
      [
        'nova',
        { embeddings: [{ embeddingType: 'TEXT', embedding: FLOATS }] },
        { singleEmbeddingParams: { embeddingDimension: 3, text: { truncationMode: 'NONE', value: 'hello' } } },
      ],
      ['vertex-predict', vertex, { instances: [{ content: 'hello' }], parameters: { outputDimensionality: 3 } }],
      [
        'gemini-embedding',
        gemini,
        { content: { parts: [{ text: 'hello' }] }, embedContentConfig: { outputDimensionality: 3 } },
      ],
      ['cohere-embed', cohere, { model: 'embed-v4.0', texts: ['hello'], output_dimension: 3 }],
    ])('come from %s', async (model, answer, expected) => {
      const told = { 'content-type': 'application/json', 'x-amzn-bedrock-input-token-count': '7' };
      const { given, sent, entry } = await ask(whole(200, JSON.stringify(answer), told), (client) =>
        client.embeddings.create({
          model,
          input: 'hello',
          dimensions: 3,
          ...(encoding_format === undefined ? {} : { encoding_format }),
        }),
      );
      expect(jsonOf(sent)).toMatchObject(expected);
      expect(given.data[0]!.embedding).toEqual(encoding_format === 'base64' ? BASE64 : FLOATS);
      expect(given.usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
      expect(entry.ai).toMatchObject({ input: 7 });
    });
  });
});

const AUDIO = Buffer.from([0x52, 0x49, 0x46, 0x46, 0, 255, 13, 10, 45, 45]);
const audioFile = () => toFile(AUDIO, 'über "a".wav', { type: 'audio/wav' });
const SPENT = { input: 6, output: 2 };
const PATHS: Readonly<Record<string, (path: string) => string>> = {
  OpenAI: (path) => `/${path}`,
  AzureOpenAI: (path) => `/openai/deployments/deployment/${path}?api-version=2024-10-21`,
};
/** Azure reads its deployment from the path, so that the form stays as it came. */
const MODELS: Readonly<Record<string, string>> = { OpenAI: 'gpt-x', AzureOpenAI: 'AzureOpenAI' };

describe.each(['OpenAI', 'AzureOpenAI'])('audio of %s', (model) => {
  const transcription = { text: 'hi', usage: { type: 'tokens', input_tokens: 6, output_tokens: 2, total_tokens: 8 } };

  it('is uploaded, the model in the form as the provider wants it, the file byte for byte', async () => {
    const file = await audioFile();
    const { given, sent, entry } = await ask(json(transcription), (client) =>
      client.audio.transcriptions.create({ model, file, language: 'de', temperature: 0.5 }),
    );
    expect(given).toMatchObject({ text: 'hi' });
    expect(sent.path).toBe(PATHS[model]!('audio/transcriptions'));
    expect(sent.headers['content-length']).toBe(String(sent.body.length));
    expect(await formOf(sent)).toEqual(
      expect.arrayContaining([
        ['model', MODELS[model]],
        ['file', AUDIO.toString('latin1')],
        ['language', 'de'],
        ['temperature', '0.5'],
      ]),
    );
    expect(sent.body.toString()).toContain('audio/wav');
    expect(entry.ai).toMatchObject(SPENT);
  });

  it('comes back as plain text', async () => {
    const file = await audioFile();
    const { given } = await ask(whole(200, 'Grüße\n', { 'content-type': 'text/plain; charset=utf-8' }), (client) =>
      client.audio.transcriptions.create({ model, file, response_format: 'text' }),
    );
    expect(given).toBe('Grüße\n');
  });

  it('comes back streamed', async () => {
    const file = await audioFile();
    const done = { type: 'transcript.text.done', ...transcription };
    const answer = chunked([event({ type: 'transcript.text.delta', delta: 'h' }), event(done)]);
    const { given, sent, entry } = await ask(answer, async (client) => {
      const types: string[] = [];
      const stream = await client.audio.transcriptions.create({ model, file, stream: true });
      for await (const { type } of stream) types.push(type);
      return types;
    });
    expect(given).toEqual(['transcript.text.delta', 'transcript.text.done']);
    expect(await formOf(sent)).toEqual(
      expect.arrayContaining([
        ['model', MODELS[model]],
        ['stream', 'true'],
      ]),
    );
    expect(entry.ai).toMatchObject(SPENT);
  });

  it('is translated', async () => {
    const file = await audioFile();
    const { given, sent } = await ask(json({ text: 'hi' }), (client) =>
      client.audio.translations.create({ model, file }),
    );
    expect(given.text).toBe('hi');
    expect(sent.path).toBe(PATHS[model]!('audio/translations'));
  });

  it('is spoken, byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index & 255));
    const { given, sent } = await ask(whole(200, bytes, { 'content-type': 'audio/mpeg' }), async (client) => {
      const response = await client.audio.speech.create({ model, voice: 'alloy', input: 'hi' });
      return Buffer.from(await response.arrayBuffer());
    });
    expect(given.equals(bytes)).toBe(true);
    expect(sent.path).toBe(PATHS[model]!('audio/speech'));
    expect(jsonOf(sent)).toMatchObject({ voice: 'alloy', input: 'hi' });
  });
});

describe.each(['OpenAI', 'AzureOpenAI'])('images of %s', (model) => {
  const answer = {
    created: 1,
    data: [{ b64_json: 'AAAA' }],
    usage: { input_tokens: 6, output_tokens: 2, total_tokens: 8 },
  };
  const PNG = Buffer.from('\x89PNG\r\n\x1a\n--', 'latin1');
  const image = () => toFile(PNG, 'a.png', { type: 'image/png' });

  it('are generated', async () => {
    const { given, sent, entry } = await ask(json(answer), (client) =>
      client.images.generate({ model, prompt: 'a cat', n: 1, size: '1024x1024' }),
    );
    expect(given).toMatchObject({ data: [{ b64_json: 'AAAA' }] });
    expect(jsonOf(sent)).toMatchObject({ prompt: 'a cat', n: 1, size: '1024x1024' });
    expect(sent.path).toBe(PATHS[model]!('images/generations'));
    expect(entry.ai).toMatchObject(SPENT);
  });

  it('are generated in pieces', async () => {
    const events = [
      event({ type: 'image_generation.partial_image', b64_json: 'AA', partial_image_index: 0 }),
      event({ type: 'image_generation.completed', b64_json: 'AAAA', usage: answer.usage }),
    ];
    const { given, entry } = await ask(chunked(events), async (client) => {
      const types: string[] = [];
      const stream = await client.images.generate({ model, prompt: 'a cat', stream: true, partial_images: 1 });
      for await (const { type } of stream) types.push(type);
      return types;
    });
    expect(given).toEqual(['image_generation.partial_image', 'image_generation.completed']);
    expect(entry.ai).toMatchObject(SPENT);
  });

  it('are edited, several at once', async () => {
    const files = [await image(), await image()];
    const { given, sent, entry } = await ask(json(answer), (client) =>
      client.images.edit({ model, prompt: 'a hat', image: files }),
    );
    expect(given).toMatchObject({ data: [{ b64_json: 'AAAA' }] });
    const form = await formOf(sent);
    const png = PNG.toString('latin1');
    expect(form.flatMap(([name, value]) => (name === 'image[]' ? [value] : []))).toEqual([png, png]);
    expect(form).toEqual(
      expect.arrayContaining([
        ['model', MODELS[model]],
        ['prompt', 'a hat'],
      ]),
    );
    expect(sent.path).toBe(PATHS[model]!('images/edits'));
    expect(entry.ai).toMatchObject(SPENT);
  });

  it('are varied', async () => {
    const file = await image();
    const { given, sent } = await ask(json(answer), (client) => client.images.createVariation({ model, image: file }));
    expect(given).toMatchObject({ data: [{ b64_json: 'AAAA' }] });
    expect(await formOf(sent)).toEqual(expect.arrayContaining([['image', PNG.toString('latin1')]]));
  });
});

describe('images of providers that do not speak the dialect of OpenAI (G33)', () => {
  const imagen = (...predictions: readonly object[]) => json({ predictions });
  const made = { mimeType: 'image/png', bytesBase64Encoded: 'AAAA' };

  it.each<[string, Answer, string, object]>([
    [
      'imagen',
      imagen(made, made),
      '/v1/projects/proj/locations/europe-west4/publishers/google/models/imagen-4.0-generate-001:predict',
      { instances: [{ prompt: 'a cat' }], parameters: { sampleCount: 2, aspectRatio: '1:1', includeRaiReason: true } },
    ],
    [
      'nova-canvas',
      json({ images: ['AAAA', 'AAAA'], error: null }),
      '/model/amazon.nova-canvas-v1:0/invoke',
      {
        taskType: 'TEXT_IMAGE',
        textToImageParams: { text: 'a cat' },
        imageGenerationConfig: { numberOfImages: 2, width: 1024, height: 1024 },
      },
    ],
  ])('are generated by %s', async (model, answer, path, body) => {
    const { given, sent, entry } = await ask(answer, (client) =>
      client.images.generate({ model, prompt: 'a cat', n: 2, size: '1024x1024', response_format: 'b64_json' }),
    );
    expect(given.data).toEqual([{ b64_json: 'AAAA' }, { b64_json: 'AAAA' }]);
    expect(given.created).toBeGreaterThan(1_700_000_000);
    expect([sent.path, jsonOf(sent)]).toEqual([path, body]);
    // Neither tells what it counts.
    expect(entry.ai).toMatchObject({ input: 0, output: 0 });
  });

  it('are generated by Stability AI, megabytes of them', async () => {
    const image = Buffer.alloc(3_000_000, 'image').toString('base64');
    const { given, sent } = await ask(json({ seeds: [1], finish_reasons: [null], images: [image] }), (client) =>
      client.images.generate({ model: 'stability', prompt: 'a cat', size: '1536x1024', output_format: 'jpeg' }),
    );
    expect(given.data?.[0]?.b64_json === image).toBe(true);
    expect([sent.path, jsonOf(sent)]).toEqual([
      '/model/us.stability.stable-image-core-v1:1/invoke',
      { prompt: 'a cat', mode: 'text-to-image', aspect_ratio: '3:2', output_format: 'jpeg' },
    ]);
  });

  it('are generated by Gemini, with what they cost', async () => {
    const parts = [{ text: 'Here it is' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
    const usageMetadata = { promptTokenCount: 6, candidatesTokenCount: 2, totalTokenCount: 8 };
    const answer = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }], usageMetadata };
    const { given, sent, entry } = await ask(json(answer), (client) =>
      client.images.generate({ model: 'gemini-image', prompt: 'a cat', size: '1024x1024' }),
    );
    expect(given).toMatchObject({
      data: [{ b64_json: 'AAAA' }],
      output_format: 'png',
      usage: { input_tokens: 6, output_tokens: 2, total_tokens: 8 },
    });
    expect([sent.path, jsonOf(sent)]).toEqual([
      '/v1/projects/proj/locations/europe-west4/publishers/google/models/gemini-2.5-flash-image:generateContent',
      {
        contents: [{ role: 'user', parts: [{ text: 'a cat' }] }],
        generationConfig: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '1:1' } },
      },
    ]);
    expect(entry.ai).toMatchObject(SPENT);
  });

  it('are fewer when the provider filtered some, and say why', async () => {
    const { given } = await ask(imagen(made, { raiFilteredReason: 'no: 29310472' }), (client) =>
      client.images.generate({ model: 'imagen', prompt: 'a cat', n: 2 }),
    );
    expect(given).toMatchObject({ data: [{ b64_json: 'AAAA' }], filtered_reasons: ['no: 29310472'] });
  });

  it.each<[string, Answer]>([
    ['imagen', imagen({ raiFilteredReason: 'no: 39322892' })],
    ['gemini-image', json({ candidates: [{ finishReason: 'IMAGE_SAFETY', finishMessage: 'no: 39322892' }] })],
    ['nova-canvas', json({ images: [], error: 'no: 39322892' })],
    ['stability', json({ finish_reasons: ['no: 39322892'] })],
  ])('are an error that is not worth a retry when %s filtered all', async (model, answer) => {
    const { given } = await ask(answer, (client) =>
      client.images.generate({ model, prompt: 'a cat' }).then(undefined, (error: unknown) => error),
    );
    expect(given).toMatchObject({
      status: 400,
      code: 'moderation_blocked',
      message: expect.stringContaining('no: 39322892'),
    });
  });

  it.each([
    [{ response_format: 'url' } as const, 'response_format'],
    [{ stream: true } as const, 'stream'],
  ])('are refused before the provider is asked with %j', async (members, member) => {
    const caseId = newCase('media');
    const client = openaiClient(world.gateway, caseId);
    for (const model of ['imagen', 'nova-canvas', 'stability']) {
      await expect(client.images.generate({ model, prompt: 'a cat', ...members })).rejects.toMatchObject({
        status: 422,
        message: expect.stringContaining(`"${member}" cannot be`),
      });
    }
    expect(world.upstreams.provider.requests(caseId)).toEqual([]);
  });
});

describe('moderations', () => {
  it('go to the provider under its name of the model', async () => {
    const answer = { id: 'modr-1', model: 'gpt-x', results: [{ flagged: true, categories: { hate: true } }] };
    const { given, sent } = await ask(json(answer), (client) =>
      client.moderations.create({ model: 'OpenAI', input: [{ type: 'text', text: 'hm' }] }),
    );
    expect(given.results[0]!.flagged).toBe(true);
    expect([sent.path, jsonOf(sent)]).toEqual([
      '/moderations',
      { model: 'gpt-x', input: [{ type: 'text', text: 'hm' }] },
    ]);
  });
});
