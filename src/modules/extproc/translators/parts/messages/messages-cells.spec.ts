import { describe, expect, it } from '@jest/globals';
import {
  fixedEnv,
  playStream,
  playWhole,
  responseHead,
  startCell,
  type CellCall,
} from '../../../../../../test/harness/cell.js';
import type { SchemaName } from '../../../../../shared/filter-config/filter-config.js';

/** Schemas whose backends speak Anthropic's dialect. */
const PASSING = ['Anthropic', 'GCPAnthropic', 'AWSAnthropic'] as const;
const BODY = '{ "model":"m", "max_tokens":1e2,"messages":[], "new":12345678901234567890 }';
const STREAM = BODY.replace('"model"', '"stream":true,"model"');

const sent = (schema: SchemaName, call: Partial<CellCall>) => {
  const { path, body } = startCell('messages', schema, { body: BODY, ...call }).request;
  return { path, body: body && Buffer.from(body).toString() };
};

describe('messages → Anthropic', () => {
  it('leaves the body to the client without an override', () => {
    expect(sent('Anthropic', { prefix: 'v1' })).toEqual({ path: '/v1/messages', body: undefined });
  });

  it('sets the model of an override, and no other byte', () => {
    const { body } = sent('Anthropic', { modelNameOverride: 'claude' });
    expect(body).toBe(BODY.replace('"m"', '"claude"'));
  });

  it.each([
    ['v1', '/v1/messages'],
    ['/', '/messages'],
    ['custom/v2', '/custom/v2/messages'],
    ['/custom/v2/', '/custom/v2/messages'],
  ])('goes with the prefix %p to %s', (prefix, path) => {
    expect(sent('Anthropic', { prefix }).path).toBe(path);
  });
});

describe('messages → GCPAnthropic', () => {
  it.each([
    [BODY, 'rawPredict'],
    [STREAM, 'streamRawPredict'],
  ])('has the model of an override in the path of %j', (body, operation) => {
    expect(sent('GCPAnthropic', { body, modelNameOverride: 'claude-x@20250929' }).path).toBe(
      `publishers/anthropic/models/claude-x@20250929:${operation}`,
    );
  });

  it('takes the model away, sets the version and keeps every other byte', () => {
    expect(sent('GCPAnthropic', { version: 'mine' }).body).toBe(
      '{"anthropic_version":"mine", "max_tokens":1e2,"messages":[], "new":12345678901234567890 }',
    );
  });

  it.each(['1', '"true"'])('refuses the stream member %s', (stream) => {
    const body = `{"model":"m","stream":${stream}}`;
    expect(() => sent('GCPAnthropic', { body })).toThrow('"stream" of /v1/messages must be a boolean');
  });
});

describe('messages → AWSAnthropic', () => {
  it.each([
    ['a plain model', 'anthropic.claude-x-v1:0', 'anthropic.claude-x-v1:0'],
    ['a global id', 'global.anthropic.claude-x-v1:0', 'global.anthropic.claude-x-v1:0'],
    [
      'an ARN',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.x',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile%2Feu.anthropic.x',
    ],
    ['characters to escape', "a b;c,d?e!'()*", 'a%20b%3Bc%2Cd%3Fe%21%27%28%29%2A'],
  ])('has %s in the path', (_, modelNameOverride, segment) => {
    expect(sent('AWSAnthropic', { modelNameOverride }).path).toBe(`/model/${segment}/invoke`);
    expect(sent('AWSAnthropic', { body: STREAM, modelNameOverride }).path).toBe(
      `/model/${segment}/invoke-with-response-stream`,
    );
  });

  it('takes model and stream away, sets the version and keeps every other byte', () => {
    expect(sent('AWSAnthropic', { body: STREAM, version: 'mine' }).body).toBe(
      '{"anthropic_version":"mine", "max_tokens":1e2,"messages":[], "new":12345678901234567890 }',
    );
  });
});

describe.each(PASSING)('an answer of %s', (schema) => {
  it.each(['{"model":"c"}', '{"model":"c","usage":null}', '{"model":"c","usage":{}}'])(
    'G21: may come without usage: %s',
    (answer) => {
      expect(playWhole(startCell('messages', schema, { body: BODY }), Buffer.from(answer))).toEqual({ model: 'c' });
    },
  );

  it('G27: tells the tokens of thinking', () => {
    const usage = { input_tokens: 3, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } };
    const facts = playWhole(startCell('messages', schema, { body: BODY }), Buffer.from(JSON.stringify({ usage })));
    expect(facts.usage).toMatchObject({ outputTokens: 9, reasoningTokens: 4 });
  });

  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [413, 'request_too_large'],
    [429, 'rate_limit_error'],
    [500, 'internal_server_error'],
    [502, 'internal_server_error'],
    [503, 'service_unavailable_error'],
    [529, 'overloaded_error'],
  ])('is a text error with status %i and becomes %s', (status, type) => {
    const head = responseHead(status, { 'content-type': 'text/plain' });
    const { body } = startCell('messages', schema, { body: BODY }).error(head, Buffer.from('"no"\n'));
    expect(JSON.parse(Buffer.from(body!).toString())).toEqual({
      type: 'error',
      error: { type, message: '"no"\n' },
      request_id: '',
    });
  });

  it("is an error of Anthropic's and goes through", () => {
    const head = responseHead(429, { 'content-type': 'application/json' });
    const error = '{"type":"error","error":{"type":"rate_limit_error","message":"m"},"request_id":"r"}';
    expect(startCell('messages', schema, { body: BODY }).error(head, Buffer.from(error))).toEqual({});
  });
});

describe.each([
  ['messages', 'Anthropic'],
  ['messages', 'GCPAnthropic'],
  ['messages', 'AWSAnthropic'],
  ['messages', 'OpenAI'],
  ['count-tokens', 'Anthropic'],
  ['count-tokens', 'GCPAnthropic'],
  ['count-tokens', 'AWSAnthropic'],
  ['count-tokens', 'AWSBedrock'],
] as const)('%s → %s', (endpoint, schema) => {
  it.each([
    [500, 'internal_server_error', 'api_error'],
    [503, 'service_unavailable_error', 'overloaded_error'],
    [504, 'internal_server_error', 'timeout_error'],
  ])('G49: names a text error of status %i %s, by option %s', (status, reference, documented) => {
    const typeOf = (usesDocumentedErrorTypes: boolean) => {
      const exchange = startCell(endpoint, schema, { body: BODY }, fixedEnv({ usesDocumentedErrorTypes }));
      const { body } = exchange.error(responseHead(status), Buffer.from('no'));
      return (JSON.parse(Buffer.from(body!).toString()) as { error: { type: string } }).error.type;
    };
    expect([typeOf(false), typeOf(true)]).toEqual([reference, documented]);
  });
});

describe('messages → AzureOpenAI', () => {
  it("G49: has Anthropic's documented types, since the reference has no such cell", () => {
    const { body } = startCell('messages', 'AzureOpenAI', { body: BODY }).error(responseHead(503), Buffer.from('no'));
    expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({ error: { type: 'overloaded_error' } });
  });
});

describe.each(['AzureOpenAI', 'GCPVertexAI'] as const)('G33: messages → %s', (schema) => {
  it('answers whole and streamed', () => {
    const exchange = startCell('messages', schema, { body: STREAM, version: '2024-10-21' });
    const answers = {
      AzureOpenAI: { choices: [{ message: { content: 'Hi' }, delta: { content: 'Hi' }, finish_reason: 'stop' }] },
      GCPVertexAI: { candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] },
    };
    const answer = JSON.stringify(answers[schema]);
    if (exchange.kind !== 'translating') throw new Error('the cell translates');
    const whole = JSON.parse(Buffer.from(exchange.whole(responseHead(200), Buffer.from(answer)).body!).toString());
    expect(whole).toMatchObject({
      role: 'assistant',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
    });
    const { text } = playStream(exchange, [Buffer.from(`data: ${answer}\n\n`)]);
    expect(text).toContain('"text_delta","text":"Hi"');
    expect(text).toContain('message_stop');
  });
});
