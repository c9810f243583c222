import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../shared/errors.js';
import { countTokens } from './count-tokens.js';

const CONTEXT = { contentType: 'application/json', forcesUsage: true };
const parse = (text: string, context = CONTEXT) => countTokens.parse(Buffer.from(text), context);

describe('countTokens', () => {
  it('reads the model and never streams', () => {
    const text = '{"model":"m","stream":true,"messages":[{"role":"new","content":[{}]}]}';
    expect(parse(text)).toMatchObject({ model: 'm', isStreaming: false, isRewritten: false });
  });

  it.each(['{}', '{"model":""}', '{"model":null}', 'null'])('refuses %s, which names no model', (text) => {
    expect(() => parse(text)).toThrow(new UserFacingError('invalid request body: model field is required'));
  });

  it('refuses what is no JSON', () => {
    expect(() => parse('{"model"')).toThrow(
      new UserFacingError(
        'malformed request: the body of /v1/messages/count_tokens is not a JSON object: unexpected end at byte 8',
      ),
    );
  });

  it('refuses a form', () => {
    expect(() => parse('', { ...CONTEXT, contentType: 'multipart/form-data; boundary=b' })).toThrow(
      new UserFacingError('malformed request: /v1/messages/count_tokens takes a JSON body, found multipart/form-data'),
    );
  });
});
