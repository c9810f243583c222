import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { UserFacingError } from '../../../shared/errors.js';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import {
  CELLS,
  endpointNamed,
  fixedEnv,
  headerLookup,
  minimalCall,
  playStream,
  playWhole,
  responseHead,
  startCell,
} from '../../../../test/harness/cell.js';
import type { Answer } from '../../../../test/harness/answers.js';
import { STREAMING_CELLS, takesForm, translates } from '../../../../test/harness/cell-kind.js';
import { storyAnswer } from '../../../../test/harness/provider-answers.js';
import { nestedJson, rawBytes, rawJson, rawMember, rawMembers } from '../../../../test/harness/raw-json.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { MATRIX } from './matrix.js';
import { UpstreamAnswerError } from './translator.js';

/** Of each law on each of some seventy cells. */
const RUNS = { numRuns: 25 };

/** More levels than any stack of ours would take, and fewer than the scan of a passed body refuses. */
const DEEP = nestedJson(5000);

/** Claude in the clouds has the model in the path, and an API version in the body. */
const CLAUDE_IN_CLOUDS: ReadonlySet<SchemaName> = new Set(['AWSAnthropic', 'GCPAnthropic']);
const OBSERVING = CELLS.filter((cell) => !translates(cell) && !takesForm(cell));
const VERBATIM = OBSERVING.filter(([, schema]) => !CLAUDE_IN_CLOUDS.has(schema));
const SPLICED = OBSERVING.filter(([, schema]) => CLAUDE_IN_CLOUDS.has(schema));
const TRANSLATING = CELLS.filter((cell) => translates(cell));
const STREAMS = STREAMING_CELLS.filter((cell) => translates(cell, true) && !takesForm(cell));
const JSON_TRANSLATING = TRANSLATING.filter((cell) => !takesForm(cell));

/** Starts a cell twice on the same bytes; gives what the provider gets of them. Throws what `start` throws. */
function send(endpoint: EndpointName, schema: SchemaName, body: Buffer, override = '', forcesUsage = false): Buffer {
  const copy = Buffer.from(body);
  const request = endpointNamed(endpoint).parse(body, { contentType: 'application/json', forcesUsage });
  const input = {
    request,
    requestModel: override || request.model,
    hasModelOverride: override !== '',
    schema: { name: schema },
    headers: headerLookup(),
  };
  const outcome = () => {
    try {
      return MATRIX[endpoint][schema]!.start(input, fixedEnv()).request;
    } catch (error) {
      if (!(error instanceof UserFacingError)) throw error;
      return error;
    }
  };
  const [first, second] = [outcome(), outcome()];
  expect(first).toEqual(second);
  expect(body.equals(copy)).toBe(true);
  if (first instanceof UserFacingError) throw first;
  return Buffer.from(first.body ?? request.body);
}

/** Members of the smallest request of the endpoint but for the model. */
const minimalMembers = (endpoint: EndpointName) =>
  Object.entries(JSON.parse(minimalCall(endpoint).body as string) as object)
    .filter(([name]) => name !== 'model')
    .map(([name, value]) => `"${name}":${JSON.stringify(value)}`);

/** Stands for the value of a model in a text. */
const HOLE = '\u0001';
const modelMember = fc.constantFrom(`"model":${HOLE}`, `"m\\u006fdel" : ${HOLE}`);
const pieces = fc.tuple(
  fc.array(fc.oneof(rawMember, modelMember), { maxLength: 3 }),
  modelMember,
  fc.array(rawMember, { maxLength: 2 }),
);

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, input_tokens: 3, output_tokens: 2 };
const ANSWER = `"model":"m","usage":${JSON.stringify(usage)}`;
/** White space of JSON that would end a line of an event stream. */
const inOneLine = (text: string) => text.replaceAll(/[\r\n]/g, ' ');

const textOf = (endpoint: EndpointName, members: readonly string[], after: readonly string[] = []) =>
  `{${[...members, ...minimalMembers(endpoint), ...after].join(',')}}`;

describe.each(VERBATIM)('%s → %s', (endpoint, schema) => {
  it('changes nothing in raw JSON but the model', () => {
    fc.assert(
      fc.property(pieces, fc.constantFrom('', 'new'), ([before, model, after], override) => {
        const text = textOf(endpoint, [...before, model], after);
        const [body, overridden] = ['m', override || 'm'].map((name) =>
          rawBytes(text.replaceAll(HOLE, JSON.stringify(name))),
        );
        const sent = send(endpoint, schema, body!, override);
        expect(sent.equals(body!) || sent.equals(overridden!)).toBe(true);
      }),
      RUNS,
    );
  });

  it('adds nothing to raw JSON but what asks for usage', () => {
    const forced = '"stream_options":{"include_usage":true},';
    fc.assert(
      fc.property(rawMembers, (members) => {
        const body = rawBytes(textOf(endpoint, [members, '"model":"m","stream":true']));
        const sent = send(endpoint, schema, body, '', true);
        const at = sent.indexOf(forced);
        const rest = at === -1 ? sent : Buffer.concat([sent.subarray(0, at), sent.subarray(at + forced.length)]);
        expect(rest.equals(body)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe.each(SPLICED)('%s → %s', (endpoint, schema) => {
  it('leaves raw JSON around the members that it takes out as it is', () => {
    fc.assert(
      fc.property(pieces, ([before, model, after]) => {
        const text = textOf(endpoint, [...before, model], after).replaceAll(HOLE, '"m"');
        const sent = send(endpoint, schema, rawBytes(text));
        const untouched = [...before, ...after].filter((piece) => !piece.includes(HOLE)).map(rawBytes);
        let end = 0;
        for (const member of untouched) {
          const start = sent.indexOf(member, end);
          expect(start).toBeGreaterThan(0);
          end = start + member.length;
        }
        expect(() => JSON.parse(sent.toString())).not.toThrow();
      }),
      RUNS,
    );
  });
});

describe.each(OBSERVING)('%s → %s', (endpoint, schema) => {
  it('takes thousands of levels', () => {
    const body = Buffer.from(textOf(endpoint, ['"model":"m"', `"x":${DEEP}`]));
    expect(send(endpoint, schema, body).includes(DEEP)).toBe(true);
  });

  it('learns the same of an answer whatever else is in it', () => {
    const exchange = startCell(endpoint, schema, minimalCall(endpoint));
    const facts = playWhole(exchange, Buffer.from(`{${ANSWER}}`));
    fc.assert(
      fc.property(rawMembers, rawMembers, (before, after) => {
        expect(playWhole(exchange, rawBytes(`{${before},${ANSWER},${after}}`))).toEqual(facts);
      }),
      RUNS,
    );
    expect(() => playWhole(exchange, Buffer.from(`{"x":${DEEP},${ANSWER}}`))).not.toThrow();
  });
});

type Place = (value: string) => string;
const asString = (value: string) => JSON.stringify(value.toWellFormed());
const schemaOf = (value: string) => `{"type":"object","properties":{},"x-a":${value}}`;
/** Arguments that an assistant called a tool with. Later members take the place of those of the smallest request. */
const TOOL_INPUTS: Readonly<Partial<Record<EndpointName, Place>>> = {
  'chat-completions': (value) =>
    `"messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":${asString(`{"x":${value}}`)}}}]},{"role":"tool","tool_call_id":"t","content":${asString(value)}}]`,
  messages: (value) =>
    `"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"x":${value}}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"21"}]}]`,
  responses: (value) =>
    `"input":[{"role":"user","content":"hi"},{"type":"function_call","call_id":"t","name":"f","arguments":${asString(`{"x":${value}}`)}},{"type":"function_call_output","call_id":"t","output":${asString(value)}}]`,
};
const TOOL_SCHEMAS: Readonly<Partial<Record<EndpointName, Place>>> = {
  'chat-completions': (value) =>
    `"tools":[{"type":"function","function":{"name":"f","parameters":${schemaOf(value)}}}]`,
  messages: (value) => `"tools":[{"name":"f","input_schema":${schemaOf(value)}}]`,
  responses: (value) => `"tools":[{"type":"function","name":"f","parameters":${schemaOf(value)}}]`,
};
const OTHER_PLACES: readonly Place[] = [
  (value) => `"metadata":${value}`,
  (value) => `"user":${value}`,
  (value) => `"tools":${value}`,
  (value) => `"messages":[{"role":"user","content":[{"type":"text","text":"hi","x":${value}}],"x":${value}}]`,
  (value) => `"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi","x":${value}}]}]`,
  (value) =>
    `"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":${schemaOf(value)}}}`,
];
const hasTools = ([endpoint]: readonly [EndpointName, SchemaName]) => TOOL_INPUTS[endpoint] !== undefined;

type Reviver = (name: string, value: unknown, context: { source?: string }) => unknown;
const native = JSON as unknown as {
  rawJSON(text: string): unknown;
  parse(text: string, reviver: Reviver): unknown;
};
/** The value without white space, with each number as it was written; of a doubled key the last one counts. */
const compact = (text: string) =>
  JSON.stringify(
    native.parse(text, (_, value, { source }) => (typeof value === 'number' ? native.rawJSON(source!) : value)),
  );

describe.each(JSON_TRANSLATING)('%s → %s', (endpoint, schema) => {
  const bodyWith = (members: string) => rawBytes(textOf(endpoint, ['"model":"m"'], [members]));

  it('makes JSON of raw JSON that it does not know', () => {
    fc.assert(
      fc.property(rawMembers, (members) => {
        expect(() => JSON.parse(send(endpoint, schema, bodyWith(members)).toString())).not.toThrow();
      }),
      RUNS,
    );
  });

  it('makes JSON of raw JSON in any place, or tells the client', () => {
    const places = [TOOL_INPUTS[endpoint], TOOL_SCHEMAS[endpoint]].filter((place) => place !== undefined);
    fc.assert(
      fc.property(fc.constantFrom(...places, ...OTHER_PLACES), rawJson, (place, value) => {
        let sent = '{}';
        try {
          sent = send(endpoint, schema, bodyWith(place(value))).toString();
        } catch (error) {
          if (!(error instanceof UserFacingError)) throw error;
        }
        expect(() => JSON.parse(sent)).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });

  it('takes thousands of levels or tells the client', () => {
    let refusal: unknown;
    try {
      JSON.parse(send(endpoint, schema, bodyWith(`"x":${DEEP}`)).toString());
    } catch (error) {
      refusal = error;
    }
    expect(refusal === undefined || refusal instanceof UserFacingError).toBe(true);
  });
});

describe.each(JSON_TRANSLATING.filter(hasTools))('%s → %s', (endpoint, schema) => {
  it('hands raw JSON of tools on with its numbers as they were written', () => {
    // Gemini gets schemas of its own kind, without the members that it does not know.
    const places = [TOOL_INPUTS[endpoint]!, ...(schema === 'GCPVertexAI' ? [] : [TOOL_SCHEMAS[endpoint]!])];
    fc.assert(
      fc.property(fc.constantFrom(...places), rawJson, (place, raw) => {
        const value = raw.toWellFormed();
        const body = Buffer.from(textOf(endpoint, ['"model":"m"'], [place(value)]));
        const sent = send(endpoint, schema, body).toString();
        const expected = compact(value);
        // OpenAI has arguments as a text.
        expect(sent.includes(expected) || sent.includes(JSON.stringify(expected).slice(1, -1))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

/** Answers that some cell reads, without the opening brace. */
const ANSWERS: readonly string[] = [
  '"output":{"message":{"role":"assistant","content":[{"text":"hi"}]}},"stopReason":"end_turn","usage":{"inputTokens":3}}',
  '"type":"message","role":"assistant","content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":3}}',
  '"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}',
  '"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]}',
  '"embedding":[1,2.50],"inputTextTokenCount":3}',
  '"predictions":[{"embeddings":{"values":[1e-3]}}]}',
  '"totalTokens":3}',
  '"inputTokens":3}',
  '"input_tokens":3}',
  '"predictions":[{"bytesBase64Encoded":"aGk=","mimeType":"image/png"}]}',
  '"images":["aGk="],"finish_reasons":[null]}',
  '"records":[{"id":"0","score":1e-3}]}',
  '"results":[{"index":0,"relevance_score":1e-3}]}',
  '"id":"e","embeddings":{"float":[[1,2.50]]},"texts":["hi"]}',
];

describe.each(TRANSLATING)('%s → %s, answered', (endpoint, schema) => {
  /** What becomes of a whole answer; undefined when it is said to be none. */
  const read = (body: Buffer) => {
    const exchange = startCell(endpoint, schema, minimalCall(endpoint));
    if (exchange.kind !== 'translating') throw new Error('expected a translating exchange');
    try {
      const { body: bytes, ...facts } = exchange.whole(responseHead(200, { 'content-type': 'application/json' }), body);
      return { ...facts, value: JSON.parse(Buffer.from(bytes!).toString()) as unknown };
    } catch (error) {
      if (!(error instanceof UpstreamAnswerError)) throw error;
      return undefined;
    }
  };
  const readable = ANSWERS.filter((text) => read(Buffer.from(`{${text}`)) !== undefined);

  it('reads the same in an answer whatever else is in it', () => {
    expect(readable).not.toEqual([]);
    fc.assert(
      fc.property(fc.constantFrom(...readable), rawMembers, (text, members) => {
        expect(read(rawBytes(`{${members},${text}`))).toEqual(read(Buffer.from(`{${text}`)));
      }),
      RUNS,
    );
  });
});

/** Bytes of a scripted answer. */
async function bytesOf(answer: Answer): Promise<Buffer> {
  if (answer.kind !== 'respond') throw new Error('expected an answer with a body');
  const steps: Uint8Array[] = [];
  for await (const step of answer.body)
    if (typeof step === 'string' || step instanceof Uint8Array) steps.push(Buffer.from(step));
  return Buffer.concat(steps);
}

it.each(STREAMS.filter(([, schema]) => !schema.startsWith('AWS')).map((cell) => [...cell] as const))(
  '%s → %s, streamed, gives the same whatever else is in the events',
  async (endpoint, schema) => {
    const story = (await bytesOf(storyAnswer(schema, true))).toString();
    const play = (text: string) =>
      playStream(startCell(endpoint, schema, minimalCall(endpoint, 'm', true)), [rawBytes(text)]);
    const plain = play(story);
    expect(story).toContain('data: {');
    fc.assert(
      fc.property(rawMembers.map(inOneLine), (members) => {
        expect(play(story.replaceAll('data: {', () => `data: {${members},`))).toEqual(plain);
      }),
      RUNS,
    );
  },
);
