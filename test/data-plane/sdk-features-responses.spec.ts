import { describe, expect, it } from '@jest/globals';
import { BadRequestError, UnprocessableEntityError, type OpenAI } from 'openai';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { json, type Answer } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { responsesAnswer, STORY } from '../harness/provider-answers.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';
import { openaiClient } from '../harness/sdk-clients.js';
import { toldAnswer, type Told } from '../harness/told-answers.js';

const world = useBackendOfEachSchema();

type Json = Readonly<Record<string, unknown>>;
type Create = OpenAI.Responses.ResponseCreateParamsNonStreaming;
type StreamedCreate = Parameters<OpenAI.Responses['stream']>[0];
type Item = OpenAI.Responses.ResponseOutputItem;
const CONVERTED: readonly SchemaName[] = ['Anthropic', 'AWSAnthropic', 'GCPAnthropic', 'AWSBedrock', 'GCPVertexAI'];
const SIGNATURE = Buffer.from('signature of the thought').toString('base64');

const callsIn = (output: readonly Item[]) => output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
/** All items of an answer may be items of a question. */
const asInput = (output: readonly Item[]) => output as OpenAI.Responses.ResponseInputItem[];

async function ask(answer: Answer, create: Create & StreamedCreate, isStream = false) {
  const caseId = newCase('responses');
  world.upstreams.provider.script(caseId, answer);
  const { responses } = openaiClient(world.gateway, caseId);
  const given = isStream ? await responses.stream(create).finalResponse() : await responses.create(create);
  return { given, sent: JSON.parse(world.upstreams.provider.request(caseId).body.toString()) as Json };
}

const tool = (name: string) => ({
  type: 'function' as const,
  name,
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
});
const CREATE = {
  instructions: 'Be brief.',
  tools: [tool('weather'), tool('time')],
  reasoning: { effort: 'medium' as const, summary: 'auto' as const },
  max_output_tokens: 8192,
  store: false,
  include: ['reasoning.encrypted_content' as const],
};
const FIRST: Told[] = [
  { thought: 'Two calls are needed.', signature: SIGNATURE },
  { text: 'One moment.' },
  { tool: 'weather', id: 'call_a', input: { city: 'Ulm' } },
  { tool: 'time', id: 'call_b', input: { city: 'Bern, "CH"' } },
];

/** Each name of a block or a part, and what pairs it with another one, in the order in which the provider got them. */
const TRANSCRIPTS: Readonly<Partial<Record<SchemaName, (sent: Json) => unknown>>> = {
  AWSBedrock: ({ messages }) =>
    (messages as { role: string; content: Json[] }[]).map(({ role, content }) => [role, ...content.map(converseWord)]),
  GCPVertexAI: ({ contents }) =>
    (contents as { role: string; parts: Json[] }[]).map(({ role, parts }) => [role, ...parts.map(geminiWord)]),
};
const claudeTranscript = ({ messages }: Json) =>
  (messages as { role: string; content: Json[] }[]).map(({ role, content }) => [role, ...content.map(claudeWord)]);
const claudeWord = (block: Json) =>
  `${String(block['type'])} ${String(block['signature'] ?? block['id'] ?? block['tool_use_id'] ?? block['text'])}`;

function converseWord({ text, toolUse, toolResult, reasoningContent }: Json): string {
  if (toolUse !== undefined) return `tool_use ${(toolUse as { toolUseId: string }).toolUseId}`;
  if (toolResult !== undefined) return `tool_result ${(toolResult as { toolUseId: string }).toolUseId}`;
  if (reasoningContent === undefined) return `text ${String(text)}`;
  return `thinking ${(reasoningContent as { reasoningText: { signature: string } }).reasoningText.signature}`;
}

function geminiWord({ text, functionCall, functionResponse, thoughtSignature }: Json): string {
  const name = ((functionCall ?? functionResponse) as { name: string } | undefined)?.name;
  const signed = thoughtSignature === undefined ? '' : ` ${thoughtSignature as string}`;
  if (functionCall !== undefined) return `call ${name}${signed}`;
  return functionResponse === undefined ? `text ${String(text)}` : `response ${name}`;
}

const CLAUDE_TURNS = [
  ['user', 'text Weather and time?'],
  ['assistant', `thinking ${SIGNATURE}`, 'text One moment.', 'tool_use call_a', 'tool_use call_b'],
  ['user', 'tool_result call_a', 'tool_result call_b'],
];
const GEMINI_TURNS = [
  ['user', 'text Weather and time?'],
  ['model', `call weather ${SIGNATURE}`, 'call time', 'text One moment.'],
  ['user', 'response weather', 'response time'],
];

describe.each(CONVERTED)('responses of %s', (model) => {
  it.each([false, true])(
    'go on with the items of the first one, its thinking included; stream: %s',
    async (isStream) => {
      const question = { role: 'user' as const, content: 'Weather and time?' };
      const first = await ask(toldAnswer(model, FIRST, isStream), { ...CREATE, model, input: [question] }, isStream);
      const { output } = first.given;
      // A signature that a provider tells late stands in a reasoning item of its own.
      const said = output.filter(({ type }) => type !== 'reasoning').map(({ type }) => type);
      expect(said).toEqual(['message', 'function_call', 'function_call']);
      const calls = callsIn(output);
      expect(calls.map(({ name, arguments: text }) => [name, JSON.parse(text)])).toEqual([
        ['weather', { city: 'Ulm' }],
        ['time', { city: 'Bern, "CH"' }],
      ]);
      expect(output[0]).toMatchObject({
        summary: [{ type: 'summary_text', text: 'Two calls are needed.' }],
        encrypted_content: expect.any(String),
      });

      const outputs = calls.map(({ call_id }) => ({ type: 'function_call_output' as const, call_id, output: 'fine' }));
      const input = [question, ...asInput(output), ...outputs];
      const second = await ask(
        toldAnswer(model, [{ text: 'Sunny noon.' }], isStream),
        { ...CREATE, model, input },
        isStream,
      );
      expect(second.given).toMatchObject({ status: 'completed', output_text: 'Sunny noon.' });
      const transcript = TRANSCRIPTS[model] ?? claudeTranscript;
      expect(transcript(second.sent)).toEqual(model === 'GCPVertexAI' ? GEMINI_TURNS : CLAUDE_TURNS);
    },
  );

  it('do not take the thinking of another family', async () => {
    const other = model === 'GCPVertexAI' ? 'Anthropic' : 'GCPVertexAI';
    const question = { role: 'user' as const, content: 'Weather and time?' };
    const first = await ask(toldAnswer(other, FIRST), { ...CREATE, model: other, input: [question] });
    const calls = callsIn(first.given.output);
    const outputs = calls.map(({ call_id }) => ({ type: 'function_call_output' as const, call_id, output: 'fine' }));
    const input = [question, ...asInput(first.given.output), ...outputs];
    const { sent } = await ask(toldAnswer(model, [{ text: 'Sunny noon.' }]), { ...CREATE, model, input });
    expect(JSON.stringify(sent)).not.toContain(SIGNATURE);
    expect(JSON.stringify(sent)).toContain('One moment.');
  });

  it('give structured output', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const { given } = await ask(toldAnswer(model, [{ text: '{"city":"Ulm"}' }]), {
      model,
      input: 'Where?',
      store: false,
      text: { format: { type: 'json_schema', name: 'place', schema } },
    });
    expect(JSON.parse(given.output_text)).toEqual({ city: 'Ulm' });
  });

  it('are refused when they lean on what nobody keeps', async () => {
    const create = { model, input: 'Go on.', previous_response_id: 'resp_1' };
    const error = await ask(json({}), create).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnprocessableEntityError);
    expect((error as Error).message).toContain('previous_response_id');
  });
});

describe.each(['OpenAI', 'AzureOpenAI'])('responses of %s', (model) => {
  it('are left to the provider, its state included', async () => {
    const input = [
      { type: 'reasoning' as const, id: 'rs_1', summary: [], encrypted_content: 'opaque' },
      { type: 'function_call_output' as const, call_id: 'call_1', output: 'fine' },
    ];
    const create = { ...CREATE, model, input, previous_response_id: 'resp_1' };
    const { given, sent } = await ask(responsesAnswer(false), create);
    expect(sent).toMatchObject({ input, previous_response_id: 'resp_1', include: CREATE.include });
    expect(given.output_text).toBe(STORY.text);
  });

  it('pass on what the provider refuses', async () => {
    const answer = json({ error: { message: 'no such response', type: 'invalid_request_error', code: null } }, 400);
    const error = await ask(answer, { model, input: 'hi' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadRequestError);
    expect((error as Error).message).toBe('400 no such response');
  });
});
