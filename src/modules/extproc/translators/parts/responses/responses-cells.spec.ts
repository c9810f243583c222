import { describe, expect, it } from '@jest/globals';
import { playStream, responseHead, startCell, type CellCall } from '../../../../../../test/harness/cell.js';

const call = (members: object, more: Partial<CellCall> = {}): CellCall => ({
  body: JSON.stringify({ model: 'm', input: 'hi', ...members }),
  ...more,
});

describe('responses by conversion', () => {
  it.each([
    ['Anthropic', '/messages'],
    ['AWSAnthropic', '/model/m/invoke-with-response-stream'],
    ['GCPAnthropic', 'publishers/anthropic/models/m:streamRawPredict'],
    ['AWSBedrock', '/model/m/converse-stream'],
    ['GCPVertexAI', 'publishers/google/models/m:streamGenerateContent?alt=sse'],
  ] as const)('G32: → %s asks %s and ends in an event of this API, whatever comes', (schema, path) => {
    const exchange = startCell('responses', schema, call({ stream: true }));
    expect(exchange.request.path).toBe(path);
    const { text, hasError } = playStream(exchange, []);
    expect(text.split('\n\n').at(-2)).toMatch(/^event: response\.failed\n/);
    expect(hasError).toBe(true);
  });

  it.each(['Anthropic', 'AWSAnthropic', 'GCPAnthropic', 'AWSBedrock', 'GCPVertexAI'] as const)(
    'G32: → %s gives HTTP errors the shape of OpenAI',
    (schema) => {
      const { body } = startCell('responses', schema, call({})).error(responseHead(503), Buffer.from('busy'));
      expect(JSON.parse(Buffer.from(body!).toString())).toMatchObject({
        type: 'error',
        error: { code: '503', message: 'busy' },
      });
    },
  );
});

describe('the arguments of a call that is sent back', () => {
  const sent = (text: string) => {
    const input = [{ type: 'function_call', call_id: 'c', name: 'f', arguments: text }];
    return Buffer.from(startCell('responses', 'Anthropic', call({ input })).request.body!).toString();
  };

  it.each(['', ' ', 'null'])('G16: are {} when they are %j', (text) => {
    expect(sent(text)).toContain('{"type":"tool_use","id":"c","name":"f","input":{}}');
  });

  it.each(['[1]', '{'])('G10: are refused in the terms of this API when they are %j', (text) => {
    expect(() => sent(text)).toThrow('the arguments of the tool call "input[0]" must be the text of a JSON object');
  });
});

describe.each(['responses', 'input-tokens'] as const)('%s → OpenAI', (endpoint) => {
  const operation = endpoint === 'responses' ? 'responses' : 'responses/input_tokens';

  it.each([
    ['v1', `/v1/${operation}`],
    ['', `/${operation}`],
    ['/custom/v2', `/custom/v2/${operation}`],
  ])('goes with the prefix %p to %s', (prefix, path) => {
    expect(startCell(endpoint, 'OpenAI', call({}, { prefix })).request.path).toBe(path);
  });

  it('leaves the body to the client without an override', () => {
    expect(startCell(endpoint, 'OpenAI', call({})).request.body).toBeUndefined();
  });

  it.each([
    ['{"model":"m", "n":1.0}', '{"model":"mine", "n":1.0}'],
    ['{"input":"no model"}', '{"model":"mine","input":"no model"}'],
  ])('sets the model of an override in %s', (body, expected) => {
    const { request } = startCell(endpoint, 'OpenAI', { body, modelNameOverride: 'mine' });
    expect(Buffer.from(request.body!).toString()).toBe(expected);
  });

  it('takes the override for the model of an answer that names none', () => {
    const { fallbackModel } = startCell(endpoint, 'OpenAI', call({}, { modelNameOverride: 'mine' }));
    expect(fallbackModel).toBe(endpoint === 'responses' ? 'mine' : undefined);
  });
});
