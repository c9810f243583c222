import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../shared/errors.js';
import type { Endpoint } from './endpoint.js';
import { inputTokens } from './input-tokens.js';
import { responses } from './responses.js';

const parse = (endpoint: Endpoint, text: string) =>
  endpoint.parse(Buffer.from(text), { contentType: 'application/json', forcesUsage: true });

describe.each([
  ['/v1/responses', responses, true],
  ['/v1/responses/input_tokens', inputTokens, false],
] as const)('the parser of %s', (path, endpoint, streams) => {
  it('reads model and stream, and forces nothing', () => {
    const text = '{"model":"m","stream":true,"input":"hi"}';
    const parsed = parse(endpoint, text);
    expect(parsed).toMatchObject({ model: 'm', isStreaming: streams, isRewritten: false });
    expect(Buffer.from(parsed.body).toString()).toBe(text);
  });

  it('G43: takes items, tools and choices that the gateway does not know', () => {
    const text =
      '{"model":"m","input":[{"type":"x"}],"tools":[{"type":"y"}],"tool_choice":{"type":"z"},"text":{"format":null}}';
    expect(parse(endpoint, text).model).toBe('m');
  });

  it.each([
    ['{"model":7}', `malformed request: "model" of ${path} must be a string`],
    ['{"model":', `malformed request: the body of ${path} is not a JSON object: unexpected end at byte 9`],
    ['[]', `malformed request: the body of ${path} is not a JSON object: unexpected "[" at byte 0`],
  ])('refuses %p', (text, message) => {
    expect(() => parse(endpoint, text)).toThrow(new UserFacingError(message));
  });

  it.each([
    ['items of messages without a type', [{ role: 'user', content: 'hi' }]],
    [
      'several turns, with an output of the assistant that has no type',
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: [{ type: 'output_text', text: 'ho' }] },
        { role: 'user', content: [{ type: 'input_text', text: 'and?' }] },
      ],
    ],
  ])('takes %s', (_, input) => {
    expect(parse(endpoint, JSON.stringify({ model: 'm', input })).model).toBe('m');
  });

  it('takes a body without a model', () => {
    expect(parse(endpoint, '{}').model).toBe('');
  });
});

describe('the parser of /v1/responses', () => {
  it('refuses a stream member that is no boolean', () => {
    expect(() => parse(responses, '{"stream":1}')).toThrow(
      new UserFacingError('malformed request: "stream" of /v1/responses must be a boolean'),
    );
  });

  it('is named in telemetry as the specification says', () => {
    expect([responses.operation, inputTokens.operation]).toEqual(['responses', 'responses_input_tokens']);
  });
});
