import { describe, expect, it } from '@jest/globals';
import type OpenAI from 'openai';
import { newCase } from '../harness/case-id.js';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { BACKENDS, useBackendOfEachSchema } from '../harness/schema-backends.js';
import { openaiClient } from '../harness/sdk-clients.js';
import { TOLD_USAGE, toldAnswer, type Told } from '../harness/told-answers.js';

/** Models whose way of doing something differs from that of the schema's own one in the harness. */
const MODELS: Readonly<Record<string, readonly [SchemaName, string]>> = {
  'claude-old': ['Anthropic', 'claude-3-5-sonnet-20241022'],
  'claude-new': ['Anthropic', 'claude-opus-4-6'],
  'claude-new-aws': ['AWSAnthropic', 'us.anthropic.claude-opus-4-6-v1'],
  'claude-new-gcp': ['GCPAnthropic', 'claude-opus-4-6'],
  nova: ['AWSBedrock', 'amazon.nova-pro-v1:0'],
  'gemini-3': ['GCPVertexAI', 'gemini-3-pro-preview'],
};
const world = useBackendOfEachSchema(
  Object.fromEntries(
    Object.entries(MODELS).map(([model, [schema, modelNameOverride]]) => [
      model,
      { ...BACKENDS[schema], modelNameOverride },
    ]),
  ),
);
const schemaOf = (model: string): SchemaName => MODELS[model]?.[0] ?? (model as SchemaName);

const OPENAI: readonly SchemaName[] = ['OpenAI', 'AzureOpenAI'];
const CLAUDES: readonly SchemaName[] = ['Anthropic', 'AWSAnthropic', 'GCPAnthropic'];
const ALL: readonly SchemaName[] = [...OPENAI, ...CLAUDES, 'AWSBedrock', 'GCPVertexAI'];

type Chat = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Json = Readonly<Record<string, unknown>>;
const SIGNATURE = Buffer.from('signature of the thought').toString('base64');

/** Asks a model that answers these pieces, in the way that the test asks. */
async function ask<T>(model: string, told: readonly Told[], isStream: boolean, how: (client: OpenAI) => Promise<T>) {
  const caseId = newCase('chat');
  world.upstreams.provider.script(caseId, toldAnswer(schemaOf(model), told, isStream));
  const given = await how(openaiClient(world.gateway, caseId));
  return { given, sent: JSON.parse(world.upstreams.provider.request(caseId).body.toString()) as Json };
}

const user = (content: string | OpenAI.ChatCompletionContentPart[]) => [{ role: 'user' as const, content }];

describe('structured output', () => {
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  };
  const response_format = { type: 'json_schema' as const, json_schema: { name: 'place', strict: true, schema } };
  const CITY = { city: 'Ulm' };
  const claudeFormat = { output_config: { format: { type: 'json_schema', schema } } };
  const byTool: Told = { tool: 'json', id: 'call_json', input: CITY };
  const asText: Told = { text: JSON.stringify(CITY) };

  it.each<[string, Told, object]>([
    ['OpenAI', asText, { response_format }],
    ['AzureOpenAI', asText, { response_format }],
    ['Anthropic', asText, claudeFormat],
    ['AWSAnthropic', asText, claudeFormat],
    ['GCPAnthropic', asText, claudeFormat],
    [
      'AWSBedrock',
      asText,
      {
        outputConfig: {
          textFormat: {
            type: 'json_schema',
            structure: { jsonSchema: { name: 'place', schema: expect.stringContaining('"city"') } },
          },
        },
      },
    ],
    ['GCPVertexAI', asText, { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } }],
    [
      'claude-old',
      byTool,
      { tools: [{ name: 'json', input_schema: schema }], tool_choice: { type: 'tool', name: 'json' } },
    ],
    [
      'nova',
      byTool,
      {
        toolConfig: {
          tools: [{ toolSpec: { name: 'json', inputSchema: { json: schema } } }],
          toolChoice: { tool: { name: 'json' } },
        },
      },
    ],
  ])('of %s is what the SDK parses', async (model, told, expected) => {
    const chat: Chat = { model, messages: user('Where?'), response_format, max_tokens: 100 };
    const { given, sent } = await ask(model, [told], false, (client) => client.chat.completions.parse(chat));
    expect(sent).toMatchObject(expected);
    expect(given.choices[0]).toMatchObject({ finish_reason: 'stop', message: { parsed: CITY } });
    expect(given.choices[0]!.message.tool_calls ?? []).toEqual([]);

    const streamed = await ask(model, [told], true, (client) =>
      client.chat.completions.stream({ ...chat, stream: true }).finalChatCompletion(),
    );
    expect(streamed.given.choices[0]).toMatchObject({ finish_reason: 'stop', message: { parsed: CITY } });
  });
});

describe('vision', () => {
  const PNG = Buffer.from('\x89PNG…', 'latin1').toString('base64');
  const PDF = Buffer.from('%PDF-1.7').toString('base64');
  const content = [
    { type: 'text' as const, text: 'What is this?' },
    { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PNG}` } },
    { type: 'file' as const, file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } },
  ];
  const base64 = (type: string, media_type: string, data: string) => ({
    type,
    source: { type: 'base64', media_type, data },
  });
  const EXPECTED: Readonly<Record<Exclude<SchemaName, 'Cohere'>, object>> = {
    OpenAI: { messages: [{ role: 'user', content }] },
    AzureOpenAI: { messages: [{ role: 'user', content }] },
    ...(Object.fromEntries(
      CLAUDES.map((schema) => [
        schema,
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is this?' },
                base64('image', 'image/png', PNG),
                base64('document', 'application/pdf', PDF),
              ],
            },
          ],
        },
      ]),
    ) as Record<'Anthropic' | 'AWSAnthropic' | 'GCPAnthropic', object>),
    AWSBedrock: {
      messages: [
        {
          role: 'user',
          content: [
            { text: 'What is this?' },
            { image: { format: 'png', source: { bytes: PNG } } },
            { document: { format: 'pdf', name: expect.any(String), source: { bytes: PDF } } },
          ],
        },
      ],
    },
    GCPVertexAI: {
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'What is this?' },
            { inlineData: { mimeType: 'image/png', data: PNG } },
            { inlineData: { mimeType: 'application/pdf', data: PDF } },
          ],
        },
      ],
    },
  };

  it.each(Object.entries(EXPECTED))('reaches %s as its own blocks, a PDF as well', async (model, expected) => {
    const { given, sent } = await ask(model, [{ text: 'A logo.' }], false, (client) =>
      client.chat.completions.create({ model, messages: user(content), max_tokens: 100 }),
    );
    expect(sent).toMatchObject(expected);
    expect(given.choices[0]!.message.content).toBe('A logo.');
    expect(given.usage).toMatchObject({
      prompt_tokens: TOLD_USAGE.input,
      completion_tokens: TOLD_USAGE.output,
      total_tokens: TOLD_USAGE.input + TOLD_USAGE.output,
    });
  });
});

describe('thinking', () => {
  const enabled = { thinking: { type: 'enabled', budget_tokens: 2048 } };
  const claude = { thinking: { type: 'enabled', budget_tokens: 2048 } };
  const high = { reasoning_effort: 'high' };
  const effort = { output_config: { effort: 'high' } };

  it.each<[string, object, object]>([
    ['OpenAI', high, high],
    ['AzureOpenAI', high, high],
    ['Anthropic', enabled, claude],
    ['AWSAnthropic', enabled, claude],
    ['GCPAnthropic', enabled, claude],
    ['claude-new', high, effort],
    ['claude-new-aws', high, effort],
    ['claude-new-gcp', high, effort],
    ['AWSBedrock', enabled, { additionalModelRequestFields: claude }],
    ['GCPVertexAI', high, { generationConfig: { thinkingConfig: { thinkingBudget: 24_576 } } }],
    ['GCPVertexAI', enabled, { generationConfig: { thinkingConfig: { thinkingBudget: 2048 } } }],
    ['gemini-3', high, { generationConfig: { thinkingConfig: { thinkingLevel: 'HIGH' } } }],
  ])('is asked of %s for %j', async (model, members, expected) => {
    const told: Told[] = [{ thought: 'Let me see.', signature: SIGNATURE }, { text: 'Seen.' }];
    const chat = { model, messages: user('Think.'), max_tokens: 4096, ...members };
    const { given, sent } = await ask(model, told, false, (client) => client.chat.completions.create(chat));
    expect(sent).toMatchObject(expected);
    expect(given.choices[0]!.message.content).toBe('Seen.');
  });
});

describe.each(ALL)('tools of %s', (model) => {
  const tools = ['weather', 'time'].map((name) => ({
    type: 'function' as const,
    function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  }));
  const first: Told[] = [
    { thought: 'Two calls are needed.', signature: SIGNATURE },
    { text: 'One moment.' },
    { tool: 'weather', id: 'call_a', input: { city: 'Ulm', big: 1 } },
    { tool: 'time', id: 'call_b', input: { city: 'Bern, "CH"' } },
  ];
  const chat = {
    model,
    messages: [{ role: 'system' as const, content: 'Be brief.' }, ...user('Weather and time?')],
    tools,
    max_tokens: 4096,
    ...(OPENAI.includes(model) ? {} : { thinking: { type: 'enabled', budget_tokens: 2048 } }),
  };

  it.each([false, true])('called in parallel come back in pairs, stream: %s', async (isStream) => {
    const { given } = await ask(model, first, isStream, (client) =>
      isStream
        ? client.chat.completions.stream({ ...chat, stream: true }).finalChatCompletion()
        : client.chat.completions.create(chat),
    );
    const { message, finish_reason } = given.choices[0]!;
    const calls = (message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(finish_reason).toBe('tool_calls');
    expect(calls.map(({ function: { name, arguments: text } }) => [name, JSON.parse(text)])).toEqual([
      ['weather', { city: 'Ulm', big: 1 }],
      ['time', { city: 'Bern, "CH"' }],
    ]);

    // What the SDK gave goes back as it is.
    const results = calls.map(({ id }, index) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: index === 0 ? 'sunny' : '{"time":"12:00"}',
    }));
    const again = { ...chat, messages: [...chat.messages, message, ...results] };
    const second = await ask(model, [{ text: 'Sunny noon.' }], isStream, (client) =>
      isStream
        ? client.chat.completions.stream({ ...again, stream: true }).finalChatCompletion()
        : client.chat.completions.create(again),
    );
    expect(second.given.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Sunny noon.' } });
    const [a, b] = calls.map(({ id }) => id);
    expect(saidTurns(second.sent)).toMatchObject(expectedTurns(model, a!, b!));
    // The thinking of the first answer is replayed (G4, G48).
    expect(JSON.stringify(second.sent).includes(`"${SIGNATURE}"`)).toBe(!OPENAI.includes(model));
  });
});

/** The turns that a provider got, whatever it calls them, without the blocks that are thoughts. */
function saidTurns(sent: Json): readonly Json[] {
  const isThought = (block: Json) => block['type'] === 'thinking' || 'reasoningContent' in block;
  return ((sent['messages'] ?? sent['contents']) as Json[]).map((turn) => {
    const { content } = turn;
    return Array.isArray(content)
      ? { ...turn, content: (content as Json[]).filter((block) => !isThought(block)) }
      : turn;
  });
}

/** The conversation as user, assistant with two calls, and their two results, in this order. */
function expectedTurns(schema: SchemaName, a: string, b: string): readonly object[] {
  const [weather, time] = [{ city: 'Ulm', big: 1 }, { city: 'Bern, "CH"' }];
  switch (schema) {
    case 'OpenAI':
    case 'AzureOpenAI':
      return [
        { role: 'system' },
        { role: 'user' },
        { role: 'assistant', tool_calls: [{ id: a }, { id: b }] },
        { role: 'tool', tool_call_id: a },
        { role: 'tool', tool_call_id: b },
      ];
    case 'AWSBedrock':
      return [
        { role: 'user', content: [{ text: 'Weather and time?' }] },
        {
          role: 'assistant',
          content: [
            { text: 'One moment.' },
            { toolUse: { toolUseId: a, name: 'weather', input: weather } },
            { toolUse: { toolUseId: b, name: 'time', input: time } },
          ],
        },
        { role: 'user', content: [{ toolResult: { toolUseId: a } }, { toolResult: { toolUseId: b } }] },
      ];
    case 'GCPVertexAI':
      return [
        { role: 'user', parts: [{ text: 'Weather and time?' }] },
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'weather', args: weather }, thoughtSignature: SIGNATURE },
            { functionCall: { name: 'time', args: time } },
            { text: 'One moment.' },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'weather', response: { output: 'sunny' } } },
            { functionResponse: { name: 'time', response: { time: '12:00' } } },
          ],
        },
      ];
    default:
      return [
        { role: 'user', content: [{ type: 'text', text: 'Weather and time?' }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'One moment.' },
            { type: 'tool_use', id: a, name: 'weather', input: weather },
            { type: 'tool_use', id: b, name: 'time', input: time },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: a },
            { type: 'tool_result', tool_use_id: b },
          ],
        },
      ];
  }
}
