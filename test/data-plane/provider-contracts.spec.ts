import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { GoogleGenAI, type GenerateContentResponse } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, type Answer } from '../harness/answers.js';
import { newCase, CASE_HEADER } from '../harness/case-id.js';
import { BACKENDS } from '../harness/schema-backends.js';
import type { RecordedRequest, TestUpstream } from '../harness/test-upstream.js';
import { TOLD_USAGE, toldAnswer, type Told } from '../harness/told-answers.js';
import { typeErrors } from '../harness/type-errors.js';
import { useWorld } from '../harness/world.js';

/*
 * What we send to Bedrock and to Gemini is what their own SDKs would send: the SDK is given our body as its input and
 * sends it to the same upstream. It writes only members that its models know, so that a body which comes out as it went
 * in holds nothing else, and everything in its place.
 */

type Json = Readonly<Record<string, unknown>>;
const routesTo = (schema: 'AWSBedrock' | 'GCPVertexAI', models: readonly string[], upstream: TestUpstream) => ({
  routes: [
    {
      name: 'default/llm',
      rules: models.map((model) => ({
        model,
        backends: [{ name: 'default/provider', upstream, ...BACKENDS[schema], modelNameOverride: model }],
      })),
    },
  ],
});

const PNG = Buffer.from('\x89PNG…', 'latin1').toString('base64');
const PDF = Buffer.from('%PDF-1.7').toString('base64');
const SIGNATURE = Buffer.from('signature of the thought').toString('base64');
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const FORMAT = { ...PARAMETERS, additionalProperties: false };
const CHAT = '/v1/chat/completions';
const MESSAGES = '/anthropic/v1/messages';
const COUNT = '/anthropic/v1/messages/count_tokens';
const EMBEDDINGS = '/v1/embeddings';

/** Everything that a chat may hold and both providers can express. */
const chat = {
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
        { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } },
      ],
    },
    {
      role: 'assistant',
      content: 'One moment.',
      thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: SIGNATURE }],
      tool_calls: [{ id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Ulm"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_a', content: 'sunny' },
    { role: 'user', content: 'And now?' },
  ],
  tools: [{ type: 'function', function: { name: 'weather', description: 'd', parameters: PARAMETERS } }],
  tool_choice: 'auto',
  temperature: 1,
  max_tokens: 4096,
  stop: ['END'],
};
const messages = {
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        { type: 'document', title: 'A', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: SIGNATURE },
        { type: 'tool_use', id: 'call_a', name: 'weather', input: { city: 'Ulm' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_a', is_error: true, content: [{ type: 'text', text: 'no' }] },
        { type: 'text', text: 'And now?' },
      ],
    },
  ],
  tools: [{ name: 'weather', description: 'd', input_schema: PARAMETERS }],
  tool_choice: { type: 'auto' },
  thinking: { type: 'enabled', budget_tokens: 2048 },
  max_tokens: 4096,
  stop_sequences: ['END'],
};
const counted = { system: messages.system, messages: messages.messages, tools: messages.tools };
const text = { messages: [{ role: 'user', content: 'Where?' }], max_tokens: 4096 };
const withFormat = {
  ...text,
  response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: FORMAT } },
};
const TOLD: Told[] = [
  { thought: 'Let me see.', signature: SIGNATURE },
  { text: 'Here it is.' },
  { tool: 'weather', id: 'call_a', input: { city: 'Ulm' } },
];

describe('AWS', () => {
  const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
  const NEW_CLAUDE = 'anthropic.claude-opus-4-6-v1';
  const ARN = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5';
  const NOVA = 'amazon.nova-pro-v1:0';
  const TITAN = 'amazon.titan-embed-text-v2:0';
  const names = [CLAUDE, NEW_CLAUDE, ARN, NOVA, TITAN];
  // The SDK speaks HTTP/2 to Bedrock.
  const world = useWorld(['aws'], ({ aws }) => routesTo('AWSBedrock', names, aws), { protocol: 'http2' });
  let sdk: BedrockRuntimeClient;
  beforeAll(() => {
    sdk = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${world.upstreams.aws.port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
  });
  afterAll(() => sdk.destroy());

  /** The request that the SDK sends for the same call. */
  async function sentBySdk(caseId: string, { path, body }: RecordedRequest, modelId: string): Promise<RecordedRequest> {
    const input = { modelId, ...(withBlobs(JSON.parse(body.toString())) as object) } as never;
    if (path.endsWith('/invoke'))
      await sdk.send(withCase(new InvokeModelCommand({ modelId, body, contentType: 'application/json' }), caseId));
    else if (path.endsWith('/count-tokens')) await sdk.send(withCase(new CountTokensCommand(input), caseId));
    else if (path.endsWith('/converse')) await sdk.send(withCase(new ConverseCommand(input), caseId));
    else await sdk.send(withCase(new ConverseStreamCommand(input), caseId));
    return world.upstreams.aws.request(caseId);
  }

  it.each<[string, string, string, object]>([
    ['a chat', CHAT, CLAUDE, chat],
    ['a streamed chat', CHAT, CLAUDE, { ...chat, stream: true }],
    ['a chat with an inference profile', CHAT, ARN, chat],
    ['a chat that thinks', CHAT, NEW_CLAUDE, { ...text, reasoning_effort: 'high', thinking: { type: 'adaptive' } }],
    ['a chat with a schema', CHAT, CLAUDE, withFormat],
    ['a chat with a schema on a model without', CHAT, NOVA, withFormat],
    ['a service tier', CHAT, NOVA, { ...text, service_tier: 'priority' }],
    ['messages', MESSAGES, CLAUDE, messages],
    ['streamed messages', MESSAGES, CLAUDE, { ...messages, stream: true }],
    ['messages of a model of another vendor', MESSAGES, NOVA, { ...messages, thinking: undefined }],
    ['responses', '/v1/responses', CLAUDE, { input: 'hi', instructions: 'Be brief.', store: false }],
    ['counting', COUNT, CLAUDE, counted],
    ['counting of another vendor', COUNT, NOVA, counted],
    ['tokenizing', '/tokenize', NOVA, { messages: text.messages }],
    ['embeddings', EMBEDDINGS, TITAN, { input: 'hello', dimensions: 256 }],
  ])('gets %s as its own SDK sends it', async (_, path, model, body) => {
    const { aws } = world.upstreams;
    const [ours, theirs] = [newCase('gateway'), newCase('aws-sdk')];
    for (const caseId of [ours, theirs]) aws.script(caseId, bedrockAnswer(path, 'stream' in body));
    const response = await world.gateway.send(path, { caseId: ours, body: { model, ...body } });
    expect([response.status, response.text]).toEqual([200, expect.any(String)]);
    const sent = aws.request(ours);
    const reference = await sentBySdk(theirs, sent, modelOf(path, model));

    expect(JSON.parse(sent.body.toString())).toEqual(JSON.parse(reference.body.toString()));
    // Escaped in another way, maybe, and yet the same model.
    expect(decodeURIComponent(sent.path)).toBe(decodeURIComponent(reference.path));
    expect([sent.method, sent.headers['content-type']]).toEqual([reference.method, reference.headers['content-type']]);
  });

  it('reads the streams of the test upstream with its SDK', async () => {
    const caseId = newCase('aws-stream');
    world.upstreams.aws.script(caseId, toldAnswer('AWSBedrock', TOLD, true));
    const { stream } = await sdk.send(withCase(new ConverseStreamCommand({ modelId: CLAUDE, messages: [] }), caseId));
    let said = '';
    let reason: string | undefined;
    let inputTokens: number | undefined;
    for await (const { contentBlockDelta, messageStop, metadata } of stream!) {
      said += contentBlockDelta?.delta?.text ?? contentBlockDelta?.delta?.toolUse?.input ?? '';
      reason ??= messageStop?.stopReason;
      inputTokens ??= metadata?.usage?.inputTokens;
    }
    expect([said, reason, inputTokens]).toEqual(['Here it is.{"city":"Ulm"}', 'tool_use', TOLD_USAGE.input]);
  });
});

/** Counting has no profiles: the model without the geography that it is asked for in. */
const modelOf = (path: string, model: string) =>
  path === COUNT || path === '/tokenize' ? model.replace(/^us\./, '') : model;

function bedrockAnswer(path: string, isStream: boolean): Answer {
  if (path === EMBEDDINGS) return json({ embedding: [0.5], inputTextTokenCount: 3 });
  if (path === COUNT || path === '/tokenize') return json({ inputTokens: 3 });
  return toldAnswer('AWSBedrock', [{ text: 'ok' }], isStream);
}

/** Blobs, which are base64 in JSON, as the SDK takes them. */
function withBlobs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBlobs);
  if (typeof value !== 'object' || value === null) return value;
  const isBlob = (name: string) => name === 'bytes' || name === 'redactedContent' || name === 'body';
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isBlob(name) && typeof member === 'string' ? Buffer.from(member, 'base64') : withBlobs(member),
    ]),
  );
}

/** The command with the header that tells the test upstream which case it belongs to. */
function withCase<T extends ConverseCommand | ConverseStreamCommand | CountTokensCommand | InvokeModelCommand>(
  command: T,
  caseId: string,
): T {
  const { middlewareStack } = command as ConverseCommand;
  middlewareStack.add(
    (next) => async (args) => {
      (args.request as { headers: Record<string, string> }).headers[CASE_HEADER] = caseId;
      return await next(args);
    },
    { step: 'build', name: 'testCase' },
  );
  return command;
}

describe('Google', () => {
  const PRO = 'gemini-2.5-pro';
  const NEW = 'gemini-3-pro-preview';
  const names = [PRO, NEW];
  const world = useWorld(['google'], ({ google }) => routesTo('GCPVertexAI', names, google));

  /** The SDK as a client of Vertex at the test upstream. */
  const sdk = (caseId: string) =>
    new GoogleGenAI({
      vertexai: true,
      apiKey: 'none',
      httpOptions: {
        baseUrl: `http://127.0.0.1:${world.upstreams.google.port}`,
        apiVersion: 'v1',
        headers: { [CASE_HEADER]: caseId },
        // Its own way to turn timeouts off looks for a global of Node that jest's modules do not have.
        fetch: (input, init) => fetch(input, init),
      },
    });

  async function sentBySdk(caseId: string, { path, body }: RecordedRequest, model: string): Promise<RecordedRequest> {
    const { contents, generationConfig, ...config } = JSON.parse(body.toString()) as Json;
    const { models } = sdk(caseId);
    // The SDK's config is the rest of the body and the generation config in one.
    const input = { model, contents, config: { ...config, ...(generationConfig as object) } } as never;
    if (path.endsWith(':countTokens')) await models.countTokens(input);
    else if (path.endsWith(':generateContent')) await models.generateContent(input);
    else await models.generateContentStream(input);
    return world.upstreams.google.request(caseId);
  }

  const CALLS: readonly (readonly [string, string, string, object])[] = [
    ['a chat', CHAT, PRO, chat],
    ['a streamed chat', CHAT, PRO, { ...chat, stream: true }],
    ['a chat with a newer model', CHAT, NEW, { ...chat, reasoning_effort: 'high' }],
    ['a chat that thinks', CHAT, PRO, { ...text, thinking: { type: 'enabled', budget_tokens: 2048 } }],
    ['a chat with a schema', CHAT, PRO, withFormat],
    [
      'a chat with all its knobs',
      CHAT,
      PRO,
      {
        ...text,
        n: 2,
        seed: 7,
        logprobs: true,
        top_logprobs: 3,
        presence_penalty: 0.5,
        frequency_penalty: 0.5,
        top_p: 0.9,
      },
    ],
    ['grounding', CHAT, PRO, { ...text, tools: [{ type: 'google_search' }] }],
    ['messages', MESSAGES, PRO, { ...messages, top_k: 5 }],
    ['streamed messages', MESSAGES, NEW, { ...messages, stream: true }],
    ['responses', '/v1/responses', PRO, { input: 'hi', instructions: 'Be brief.', store: false }],
    ['counting', COUNT, PRO, counted],
    ['tokenizing', '/tokenize', PRO, { messages: text.messages }],
  ];

  /** What the upstream gets when a client calls the gateway. */
  async function sentByGateway(path: string, model: string, body: object): Promise<RecordedRequest> {
    const caseId = newCase('gateway');
    world.upstreams.google.script(caseId, geminiAnswer(path, 'stream' in body));
    const response = await world.gateway.send(path, { caseId, body: { model, ...body } });
    expect([response.status, response.text]).toEqual([200, expect.any(String)]);
    return world.upstreams.google.request(caseId);
  }

  it.each(CALLS)('gets %s as its own SDK sends it', async (_, path, model, body) => {
    const sent = await sentByGateway(path, model, body);
    const caseId = newCase('genai');
    world.upstreams.google.script(caseId, geminiAnswer(path, 'stream' in body));
    const reference = await sentBySdk(caseId, sent, model);
    expect(JSON.parse(sent.body.toString())).toEqual(JSON.parse(reference.body.toString()));
    // With a key the SDK names neither project nor region.
    expect(sent.path).toBe(reference.path.replace('/v1/', '/v1/projects/proj/locations/europe-west4/'));
    expect(sent.method).toBe(reference.method);
  });

  it('gets nothing that the types of its SDK do not know, down to the leaves', async () => {
    const requests = await Promise.all(CALLS.map(([, path, model, body]) => sentByGateway(path, model, body)));
    const bodies = requests.map(({ body }) => JSON.parse(body.toString()) as Json);
    const wrong = { contents: [{ role: 'user', parts: [{ functionCall: { name: 'a', argz: {} } }] }] };
    const types = 'Content, GenerationConfig, SafetySetting, Tool, ToolConfig';
    const body = `{ contents: Content[]; systemInstruction?: Content; tools?: Tool[]; toolConfig?: ToolConfig;
      generationConfig?: GenerationConfig; safetySettings?: SafetySetting[] }`;
    const errors = typeErrors([`import type { ${types} } from '@google/genai';`, body], [...bodies, wrong]);
    expect(errors).toEqual([expect.stringContaining('"argz"')]);
  });

  it('reads the streams of the test upstream with its SDK', async () => {
    const caseId = newCase('genai-stream');
    world.upstreams.google.script(caseId, toldAnswer('GCPVertexAI', TOLD, true));
    const seen: GenerateContentResponse[] = [];
    for await (const part of await sdk(caseId).models.generateContentStream({ model: PRO, contents: 'hi' })) {
      seen.push(part);
    }
    const parts = seen.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
    expect(parts).toMatchObject([
      { text: 'Let me see.', thought: true },
      { text: 'Here ' },
      { text: 'it is.' },
      { functionCall: { name: 'weather', args: { city: 'Ulm' } }, thoughtSignature: SIGNATURE },
    ]);
    expect(seen.at(-1)?.usageMetadata?.promptTokenCount).toBe(TOLD_USAGE.input);
  });
});

const geminiAnswer = (path: string, isStream: boolean): Answer =>
  path === COUNT || path === '/tokenize'
    ? json({ totalTokens: 3 })
    : toldAnswer('GCPVertexAI', [{ text: 'ok' }], isStream);
