import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { json, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';
import { anthropicClient } from '../harness/sdk-clients.js';
import { TOLD_USAGE, toldAnswer, type Told } from '../harness/told-answers.js';

const world = useBackendOfEachSchema();

type Json = Readonly<Record<string, unknown>>;
type Create = Anthropic.MessageCreateParamsNonStreaming;
const SCHEMAS = [
  'Anthropic',
  'AWSAnthropic',
  'GCPAnthropic',
  'AWSBedrock',
  'GCPVertexAI',
  'OpenAI',
  'AzureOpenAI',
] as const satisfies readonly SchemaName[];
type Schema = (typeof SCHEMAS)[number];
const CLAUDES: readonly Schema[] = ['Anthropic', 'AWSAnthropic', 'GCPAnthropic'];
const SIGNATURE = Buffer.from('signature of the thought').toString('base64');

async function run<T>(answer: Answer, how: (client: Anthropic) => PromiseLike<T>) {
  const caseId = newCase('messages');
  world.upstreams.provider.script(caseId, answer);
  const given = await how(anthropicClient(world.gateway, caseId));
  const request = world.upstreams.provider.request(caseId);
  return { given, request, sent: JSON.parse(request.body.toString()) as Json };
}

const ask = (model: Schema, told: readonly Told[], create: Omit<Create, 'model'>, isStream = false) =>
  run(toldAnswer(model, told, isStream), (client) =>
    isStream
      ? client.messages.stream({ model, ...create }).finalMessage()
      : client.messages.create({ model, ...create }),
  );

/** The turns that a provider got, whatever it calls them. */
const turnsOf = (sent: Json) => (sent['messages'] ?? sent['contents']) as readonly Json[];

describe.each(SCHEMAS)('vision through messages to %s', (model) => {
  const PNG = Buffer.from('\x89PNG…', 'latin1').toString('base64');
  const PDF = Buffer.from('%PDF-1.7').toString('base64');
  const content: Anthropic.ContentBlockParam[] = [
    { type: 'text', text: 'What is this?' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
  ];
  const openAI = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
    { type: 'file', file: { file_data: `data:application/pdf;base64,${PDF}` } },
  ];
  const blocks: Readonly<Partial<Record<Schema, object>>> = {
    AWSBedrock: [
      { text: 'What is this?' },
      { image: { format: 'png', source: { bytes: PNG } } },
      { document: { format: 'pdf', source: { bytes: PDF } } },
    ],
    GCPVertexAI: [
      { text: 'What is this?' },
      { inlineData: { mimeType: 'image/png', data: PNG } },
      { inlineData: { mimeType: 'application/pdf', data: PDF } },
    ],
    OpenAI: openAI,
    AzureOpenAI: openAI,
  };

  it('is sent as its own blocks, a PDF as well', async () => {
    const { given, sent } = await ask(model, [{ text: 'A logo.' }], {
      max_tokens: 100,
      messages: [{ role: 'user', content }],
    });
    const member = model === 'GCPVertexAI' ? 'parts' : 'content';
    expect(turnsOf(sent).at(-1)).toMatchObject({ role: 'user', [member]: blocks[model] ?? content });
    expect(given).toMatchObject({
      content: [{ type: 'text', text: 'A logo.' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: TOLD_USAGE.input, output_tokens: TOLD_USAGE.output },
    });
  });
});

describe.each(SCHEMAS)('a tool round trip through messages to %s', (model) => {
  const tool = (name: string) => ({
    name,
    input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
  });
  const create = {
    max_tokens: 4096,
    thinking: { type: 'enabled' as const, budget_tokens: 2048 },
    tools: [tool('weather'), tool('time')],
  };
  const question = { role: 'user' as const, content: 'Weather and time?' };
  const told: Told[] = [
    { thought: 'Two calls are needed.', signature: SIGNATURE },
    { text: 'One moment.' },
    { tool: 'weather', id: 'call_a', input: { city: 'Ulm' } },
    { tool: 'time', id: 'call_b', input: { city: 'Bern, "CH"' } },
  ];

  it.each([false, true])('replays what the first answer thought and called, stream: %s', async (isStream) => {
    const first = await ask(model, told, { ...create, messages: [question] }, isStream);
    const { content, stop_reason } = first.given;
    expect(stop_reason).toBe('tool_use');
    const calls = content.filter((block) => block.type === 'tool_use');
    expect(calls).toMatchObject([
      { name: 'weather', input: { city: 'Ulm' } },
      { name: 'time', input: { city: 'Bern, "CH"' } },
    ]);

    const results = calls.map(({ id }, index) => ({
      type: 'tool_result' as const,
      tool_use_id: id,
      content: index === 0 ? 'sunny' : [{ type: 'text' as const, text: 'no clock' }],
      ...(index === 0 ? {} : { is_error: true }),
    }));
    const messages = [question, { role: 'assistant' as const, content }, { role: 'user' as const, content: results }];
    const second = await ask(model, [{ text: 'Sunny.' }], { ...create, messages }, isStream);
    expect(second.given.content).toMatchObject([{ type: 'text', text: 'Sunny.' }]);
    const [a, b] = calls.map(({ id }) => id);
    expect(turnsOf(second.sent).slice(1)).toMatchObject(expectedTurns(model, a!, b!));
  });
});

/** What follows the question at the provider. */
function expectedTurns(schema: Schema, a: string, b: string): readonly object[] {
  const [ulm, bern] = [{ city: 'Ulm' }, { city: 'Bern, "CH"' }];
  switch (schema) {
    case 'AWSBedrock':
      return [
        {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: 'Two calls are needed.', signature: SIGNATURE } } },
            { text: 'One moment.' },
            { toolUse: { toolUseId: a, name: 'weather', input: ulm } },
            { toolUse: { toolUseId: b, name: 'time', input: bern } },
          ],
        },
        {
          role: 'user',
          content: [
            { toolResult: { toolUseId: a, content: [{ text: 'sunny' }] } },
            { toolResult: { toolUseId: b, content: [{ text: 'no clock' }], status: 'error' } },
          ],
        },
      ];
    case 'GCPVertexAI':
      return [
        {
          role: 'model',
          parts: [
            { text: 'One moment.' },
            { functionCall: { name: 'weather', args: ulm }, thoughtSignature: SIGNATURE },
            { functionCall: { name: 'time', args: bern } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'weather', response: { output: 'sunny' } } },
            { functionResponse: { name: 'time', response: { error: 'no clock' } } },
          ],
        },
      ];
    case 'OpenAI':
    case 'AzureOpenAI':
      return [
        {
          role: 'assistant',
          tool_calls: [
            { id: a, function: { name: 'weather', arguments: JSON.stringify(ulm) } },
            { id: b, function: { name: 'time', arguments: JSON.stringify(bern) } },
          ],
        },
        { role: 'tool', tool_call_id: a, content: 'sunny' },
        { role: 'tool', tool_call_id: b },
      ];
    default:
      return [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Two calls are needed.', signature: SIGNATURE },
            { type: 'text', text: 'One moment.' },
            { type: 'tool_use', id: a, name: 'weather', input: ulm },
            { type: 'tool_use', id: b, name: 'time', input: bern },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: a, content: 'sunny' },
            { type: 'tool_result', tool_use_id: b, is_error: true },
          ],
        },
      ];
  }
}

describe('markers for prompt caching', () => {
  const cache_control = { type: 'ephemeral' as const, ttl: '1h' as const };
  const create: Omit<Create, 'model'> = {
    max_tokens: 100,
    system: [{ type: 'text', text: 'A long system text.', cache_control }],
    tools: [{ name: 'weather', input_schema: { type: 'object' }, cache_control }],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control }] }],
  };
  const point = { cachePoint: { type: 'default', ttl: '1h' } };

  it.each(CLAUDES)('reach %s as they are', async (model) => {
    const { sent } = await ask(model, [{ text: 'ok' }], create);
    expect(sent).toMatchObject({ system: create.system, tools: create.tools, messages: create.messages });
  });

  it('reach Bedrock as cache points (G52)', async () => {
    const { sent } = await ask('AWSBedrock', [{ text: 'ok' }], create);
    expect(sent).toMatchObject({
      system: [{ text: 'A long system text.' }, point],
      toolConfig: { tools: [{ toolSpec: { name: 'weather' } }, point] },
      messages: [{ role: 'user', content: [{ text: 'hi' }, point] }],
    });
  });

  it.each(['GCPVertexAI', 'OpenAI', 'AzureOpenAI'] as const)('do not reach %s', async (model) => {
    const { sent } = await ask(model, [{ text: 'ok' }], create);
    expect(JSON.stringify(sent)).not.toMatch(/cache/i);
  });
});

describe('counting tokens', () => {
  const create = {
    system: 'Be brief.',
    messages: [{ role: 'user' as const, content: 'hi' }],
    tools: [{ name: 'weather', input_schema: { type: 'object' as const } }],
  };
  const claude = { messages: create.messages, tools: create.tools, system: create.system };
  const invokeModel = ({ input }: Json) =>
    JSON.parse(Buffer.from((input as { invokeModel: { body: string } }).invokeModel.body, 'base64').toString()) as Json;
  const same = (sent: Json) => sent;

  it.each<[Schema, string, object, (sent: Json) => Json, object]>([
    ['Anthropic', '/v1/messages/count_tokens', { input_tokens: 11 }, same, { ...claude, model: 'claude-sonnet-4-5' }],
    [
      'GCPAnthropic',
      '/v1/projects/proj/locations/europe-west4/publishers/anthropic/models/count-tokens:rawPredict',
      { input_tokens: 11 },
      same,
      { ...claude, model: 'claude-sonnet-4-5' },
    ],
    [
      'AWSAnthropic',
      '/model/anthropic.claude-sonnet-4-5/count-tokens',
      { inputTokens: 11 },
      invokeModel,
      { ...claude, anthropic_version: 'bedrock-2023-05-31', max_tokens: 1 },
    ],
    [
      'AWSBedrock',
      '/model/anthropic.claude-sonnet-4-5/count-tokens',
      { inputTokens: 11 },
      invokeModel,
      { ...claude, anthropic_version: 'bedrock-2023-05-31', max_tokens: 1 },
    ],
    [
      'GCPVertexAI',
      '/v1/projects/proj/locations/europe-west4/publishers/google/models/gemini-2.5-pro:countTokens',
      { totalTokens: 11 },
      same,
      {
        contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        tools: [{ functionDeclarations: [{ name: 'weather' }] }],
      },
    ],
  ])('is done by %s', async (model, path, answer, unpack, expected) => {
    const { given, sent, request } = await run(json(answer), (client) =>
      client.messages.countTokens({ model, ...create }),
    );
    expect(given).toEqual({ input_tokens: 11 });
    expect(request.path).toBe(path);
    expect(unpack(sent)).toMatchObject(expected);
    expect(unpack(sent)['model']).toBe((expected as Json)['model']);
  });
});
