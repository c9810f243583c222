import { describe, expect, it } from '@jest/globals';
import type { EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import { json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { CELLS, minimalCall } from '../harness/cell.js';
import { takesForm, type CellName } from '../harness/cell-kind.js';
import { askRefusing, fateFault, requestFaults, rewrites, sentFault, servesOn } from '../harness/hostile-request.js';
import { MEASURED } from '../harness/gateway.js';
import { residentBytes } from '../harness/resident-memory.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema({}, MEASURED);

const of = (...endpoints: EndpointName[]) => CELLS.filter(([endpoint]) => endpoints.includes(endpoint));
const withMembers = (text: string, members: object) => JSON.stringify({ ...(JSON.parse(text) as object), ...members });
const CHATS = of('chat-completions', 'messages', 'count-tokens', 'tokenize');
const RESPONSES = of('responses', 'input-tokens');
const turns = (count: number, roles: readonly string[]) =>
  Array.from({ length: count }, (_, index) => ({ role: roles[index % roles.length], content: `text ${index}` }));

const PARAMETERS = {
  type: 'object',
  properties: { a: { type: 'string' }, b: { type: 'array', items: {} } },
  required: ['a'],
};
function toolOf(endpoint: EndpointName, name: string): object {
  if (endpoint === 'messages' || endpoint === 'count-tokens') return { name, input_schema: PARAMETERS };
  const flat = { name, parameters: PARAMETERS, strict: false };
  return endpoint === 'responses' || endpoint === 'input-tokens'
    ? { type: 'function', ...flat }
    : { type: 'function', function: flat };
}

describe('very many', () => {
  it.each<[string, readonly CellName[], (endpoint: EndpointName) => object]>([
    ['messages of two speakers', CHATS, () => ({ messages: turns(10_000, ['user', 'assistant']) })],
    ['messages of one speaker', CHATS, () => ({ messages: turns(10_000, ['user']) })],
    ['input items', RESPONSES, () => ({ input: turns(10_000, ['user', 'assistant']) })],
    [
      'parts of a message',
      of('chat-completions', 'messages'),
      () => ({
        messages: [{ role: 'user', content: Array.from({ length: 100_000 }, () => ({ type: 'text', text: 'a' })) }],
      }),
    ],
    ['tool calls', of('chat-completions'), () => ({ messages: [...turns(1, ['user']), ...manyCalls(5000)] })],
    [
      'tools',
      [...CHATS, ...RESPONSES],
      (endpoint) => ({
        tools: Array.from({ length: 1000 }, (_, index) => toolOf(endpoint, `tool_${index}`)),
      }),
    ],
    ['documents', of('rerank'), () => ({ documents: Array.from({ length: 10_000 }, (_, index) => `text ${index}`) })],
  ])('%s reach the provider', async (_, cells, membersOf) => {
    const faults = await requestFaults(
      world,
      cells,
      ([endpoint], text) => withMembers(text, membersOf(endpoint)),
      (cell, outcome) => fateFault('sent', outcome) || (rewrites(cell) ? sentFault(outcome) : ''),
    );
    expect(faults).toEqual([]);
  });

  it('texts to embed reach the provider, or are refused where it takes one', async () => {
    const input = Array.from({ length: 10_000 }, (_, index) => `text ${index}`);
    const faults = await requestFaults(
      world,
      of('embeddings'),
      (_, text) => withMembers(text, { input }),
      ([, schema], outcome) =>
        fateFault(schema === 'AWSBedrock' || schema === 'GCPVertexAI' ? 'refused' : 'sent', outcome),
    );
    expect(faults).toEqual([]);
  });
});

const manyCalls = (count: number): object[] => [
  {
    role: 'assistant',
    content: null,
    tool_calls: Array.from({ length: count }, (_, index) => ({
      type: 'function',
      id: `call_${index}`,
      function: { name: 'f', arguments: '{"a":[1.0]}' },
    })),
  },
  ...Array.from({ length: count }, (_, index) => ({ role: 'tool', tool_call_id: `call_${index}`, content: 'x' })),
];

describe('a body of 50 MB', () => {
  const LARGE_BYTES = 50_000_000;
  /** What the process may grow by: some copies of the body, as text of two bytes a character at worst. */
  const GROWTH_MAX = 500 << 20;

  it.each<CellName>([
    ['chat-completions', 'OpenAI'],
    ['chat-completions', 'AWSBedrock'],
    ['messages', 'GCPVertexAI'],
    ['rerank', 'AWSBedrock'],
    ['transcriptions', 'OpenAI'],
  ])('%s → %s goes through, while others are served', async (...cell) => {
    const { pid } = world.gateway.extproc.process;
    const before = await residentBytes(pid);
    const filler = 'y'.repeat(LARGE_BYTES);
    const text = minimalCall(...cell).body as string;
    const body = takesForm(cell) ? text.replace('RIFF', filler) : text.replaceAll(/"(?:hi|q)"/g, `"${filler}"`);
    const [outcome] = await Promise.all([askRefusing(world, cell, body), servesOn(world)]);
    expect([outcome.fault, outcome.status, outcome.text]).toEqual([
      '',
      422,
      expect.stringContaining('seen by the provider'),
    ]);
    expect(outcome.sent!.length).toBeGreaterThan(LARGE_BYTES);
    expect((await residentBytes(pid)) - before).toBeLessThan(GROWTH_MAX);
    await servesOn(world);
  });

  it.each([
    ['empty objects', '{}'],
    ['odd numbers', '1.0'],
    ['models', ''],
  ])('that is made of %s is refused where it is translated, and holds up nobody for long', async (_, unit) => {
    const { pid } = world.gateway.extproc.process;
    const before = await residentBytes(pid);
    const text = minimalCall('chat-completions', 'AWSBedrock').body as string;
    const filler = unit === '' ? text.slice(1, text.indexOf(',') + 1) : `${unit},`;
    const many = filler.repeat(Math.floor(LARGE_BYTES / filler.length));
    const body = unit === '' ? `{${many}${text.slice(1)}` : `${text.slice(0, -1)},"x":[${many}${unit}]}`;
    const start = performance.now();
    const [outcome] = await Promise.all([
      askRefusing(world, ['chat-completions', 'AWSBedrock'], body),
      servesOn(world),
    ]);
    expect([outcome.fault, outcome.status]).toEqual(['', 400]);
    expect(outcome.text).toContain('JSON holds more than 500000 values');
    expect(performance.now() - start).toBeLessThan(5000);
    expect((await residentBytes(pid)) - before).toBeLessThan(GROWTH_MAX);
  });

  it('that names millions of models has them all replaced where it is passed on', async () => {
    const { pid } = world.gateway.extproc.process;
    const before = await residentBytes(pid);
    const model = '"model":"OpenAI",';
    const body = `{${model.repeat(1_000_000)}"messages":[]}`;
    const outcome = await askRefusing(world, ['chat-completions', 'OpenAI'], body);
    expect([outcome.fault, outcome.sent?.toString().includes('OpenAI')]).toEqual(['', false]);
    expect((await residentBytes(pid)) - before).toBeLessThan(GROWTH_MAX);
  });

  it('beyond the buffer of Envoy is refused with 413', async () => {
    const caseId = newCase('too-large');
    world.upstreams.provider.script(caseId, json({}));
    const body = `{"model":"OpenAI","messages":"${'y'.repeat(60_000_000)}"}`;
    const { status } = await world.gateway.send('/v1/chat/completions', { caseId, body });
    expect([status, world.upstreams.provider.requests(caseId).length]).toEqual([413, 0]);
    await servesOn(world);
  });
});
