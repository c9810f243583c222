import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { CASE_HEADER, newCase } from '../harness/case-id.js';
import { CELLS } from '../harness/cell.js';
import { responsesAnswer, STORY, storyAnswer } from '../harness/provider-answers.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema();

const defaultHeaders = (caseId: string) => ({ [CASE_HEADER]: caseId });
const openai = (caseId: string) =>
  new OpenAI({
    baseURL: `${world.gateway.baseUrl}/v1`,
    apiKey: 'client',
    maxRetries: 0,
    defaultHeaders: defaultHeaders(caseId),
  });
const anthropic = (caseId: string) =>
  new Anthropic({
    baseURL: `${world.gateway.baseUrl}/anthropic`,
    apiKey: 'client',
    maxRetries: 0,
    defaultHeaders: defaultHeaders(caseId),
  });

const schemasOf = (endpoint: string) =>
  CELLS.filter(([name]) => name === endpoint).map(([, schema]) => [schema] as const);
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const CHAT_TOOLS = [{ type: 'function' as const, function: { name: STORY.toolName, parameters: PARAMETERS } }];
const CHAT = {
  messages: [
    { role: 'system' as const, content: 'Be brief.' },
    { role: 'user' as const, content: 'What is the weather in Paris?' },
  ],
  tools: CHAT_TOOLS,
  max_tokens: 4096,
};
const MESSAGES = {
  system: 'Be brief.',
  messages: [{ role: 'user' as const, content: 'What is the weather in Paris?' }],
  tools: [{ name: STORY.toolName, input_schema: { ...PARAMETERS, type: 'object' as const } }],
  max_tokens: 4096,
};
const RESPONSES = {
  instructions: 'Be brief.',
  input: 'What is the weather in Paris?',
  store: false,
  tools: [{ type: 'function' as const, name: STORY.toolName, parameters: PARAMETERS, strict: false }],
};

const SPENT = { input: STORY.inputTokens, cached: STORY.cachedTokens, output: STORY.outputTokens };
const spent = async (caseId: string) => (await world.gateway.envoy.accessLog.entry(caseId)).ai;

function expectChatStory(completion: OpenAI.ChatCompletion): void {
  const choice = completion.choices[0]!;
  expect(choice.finish_reason).toBe('tool_calls');
  expect(choice.message.content).toBe(STORY.text);
  expect((choice.message as { reasoning_content?: string }).reasoning_content).toBe(STORY.thought);
  const call = choice.message.tool_calls![0] as OpenAI.ChatCompletionMessageFunctionToolCall;
  expect(call.function.name).toBe(STORY.toolName);
  expect(JSON.parse(call.function.arguments)).toEqual(STORY.toolInput);
  expect(completion.usage).toMatchObject({
    prompt_tokens: STORY.inputTokens,
    completion_tokens: STORY.outputTokens,
    prompt_tokens_details: { cached_tokens: STORY.cachedTokens },
  });
}

function expectMessageStory(message: Anthropic.Message): void {
  // Gemini signs the tool call, not the thought: its signature stands in a thinking block of its own before the call.
  const thoughts = message.content.flatMap((block) => (block.type === 'thinking' ? [block] : []));
  expect(message.content[0]).toMatchObject({ type: 'thinking' });
  expect(thoughts.map(({ thinking }) => thinking).join('')).toBe(STORY.thought);
  expect(message.content.filter(({ type }) => type !== 'thinking')).toMatchObject([
    { type: 'text', text: STORY.text },
    { type: 'tool_use', name: STORY.toolName, input: STORY.toolInput },
  ]);
  expect(message.stop_reason).toBe('tool_use');
  expect(message.usage).toMatchObject({
    input_tokens: STORY.inputTokens - STORY.cachedTokens,
    cache_read_input_tokens: STORY.cachedTokens,
    output_tokens: STORY.outputTokens,
  });
}

function expectResponseStory(response: OpenAI.Responses.Response): void {
  expect(response.status).toBe('completed');
  const [reasoning, message, call] = response.output;
  expect(reasoning).toMatchObject({ type: 'reasoning', summary: [{ type: 'summary_text', text: STORY.thought }] });
  expect(message).toMatchObject({ type: 'message', content: [{ type: 'output_text', text: STORY.text }] });
  expect(call).toMatchObject({ type: 'function_call', name: STORY.toolName });
  expect(JSON.parse((call as { arguments: string }).arguments)).toEqual(STORY.toolInput);
  expect(response.usage).toMatchObject({
    input_tokens: STORY.inputTokens,
    input_tokens_details: { cached_tokens: STORY.cachedTokens },
    output_tokens: STORY.outputTokens,
  });
}

describe.each(schemasOf('chat-completions'))('the openai package chats with %s', (model) => {
  it('whole', async () => {
    const caseId = newCase('chat-whole');
    world.upstreams.provider.script(caseId, storyAnswer(model, false));
    expectChatStory(await openai(caseId).chat.completions.create({ model, ...CHAT }));
    expect(await spent(caseId)).toMatchObject(SPENT);
  });

  it('streamed', async () => {
    const caseId = newCase('chat-stream');
    world.upstreams.provider.script(caseId, storyAnswer(model, true));
    let thought = '';
    const stream = openai(caseId).chat.completions.stream({ model, ...CHAT, stream_options: { include_usage: true } });
    stream.on('chunk', (chunk) => {
      thought += (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
    });
    const completion = await stream.finalChatCompletion();
    Object.assign(completion.choices[0]!.message, { reasoning_content: thought });
    expectChatStory(completion);
    expect(await spent(caseId)).toMatchObject(SPENT);
  });
});

describe.each(schemasOf('messages'))('the Anthropic package talks to %s', (model) => {
  it('whole', async () => {
    const caseId = newCase('messages-whole');
    world.upstreams.provider.script(caseId, storyAnswer(model, false));
    expectMessageStory(await anthropic(caseId).messages.create({ model, ...MESSAGES }));
    expect(await spent(caseId)).toMatchObject(SPENT);
  });

  it('streamed', async () => {
    const caseId = newCase('messages-stream');
    world.upstreams.provider.script(caseId, storyAnswer(model, true));
    expectMessageStory(
      await anthropic(caseId)
        .messages.stream({ model, ...MESSAGES })
        .finalMessage(),
    );
    expect(await spent(caseId)).toMatchObject(SPENT);
  });
});

describe.each(schemasOf('responses'))('the openai package asks %s for responses', (model) => {
  const answer = (isStream: boolean) =>
    model === 'OpenAI' || model === 'AzureOpenAI' ? responsesAnswer(isStream) : storyAnswer(model, isStream);

  it('whole', async () => {
    const caseId = newCase('responses-whole');
    world.upstreams.provider.script(caseId, answer(false));
    expectResponseStory(await openai(caseId).responses.create({ model, ...RESPONSES }));
    expect(await spent(caseId)).toMatchObject(SPENT);
  });

  it('streamed', async () => {
    const caseId = newCase('responses-stream');
    world.upstreams.provider.script(caseId, answer(true));
    expectResponseStory(
      await openai(caseId)
        .responses.stream({ model, ...RESPONSES })
        .finalResponse(),
    );
    expect(await spent(caseId)).toMatchObject(SPENT);
  });
});
