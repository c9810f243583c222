import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../shared/errors.js';
import { rerank } from './rerank.js';
import { tokenize } from './tokenize.js';

const parse = (text: string, contentType = 'application/json', endpoint = tokenize) =>
  endpoint.parse(Buffer.from(text), { contentType, forcesUsage: true });

describe('the parser of /tokenize', () => {
  it.each([
    '{"model":"m","messages":[]}',
    '{"model":"m","messages":null}',
    '{"model":"m","prompt":"a"}',
    '{"model":"m"}',
    '{"model":"m","prompt":"a","continue_final_message":true}',
    '{"model":"m","messages":[],"continue_final_message":true,"add_generation_prompt":false}',
    '{"model":"m","messages":[],"continue_final_message":false,"add_generation_prompt":true}',
    '{"model":"m","messages":[],"continue_final_message":null}',
    '{"model":"m","messages":[],"stream":true}',
  ])('takes %s and never streams', (text) => {
    const parsed = parse(text);
    expect([parsed.model, parsed.isStreaming, Buffer.from(parsed.body).toString()]).toEqual(['m', false, text]);
  });

  const FLAGS = '"continue_final_message" of /tokenize needs "add_generation_prompt" to be false, its default is true';
  const BOTH = '"prompt" and "messages" of /tokenize exclude each other';
  const NO_MODEL = '"model" of /tokenize must name a model, found nothing';
  it.each([
    ['{"model":"m","messages":[],"prompt":"a"}', BOTH],
    ['{"model":"m","messages":null,"prompt":null}', BOTH],
    ['{"model":"m","messages":[],"continue_final_message":true}', FLAGS],
    ['{"model":"m","messages":[],"continue_final_message":true,"add_generation_prompt":true}', FLAGS],
    ['{"model":"m","messages":[],"continue_final_message":true,"add_generation_prompt":null}', FLAGS],
    ['{}', NO_MODEL],
    ['{"model":"","prompt":"a"}', NO_MODEL],
    ['{"model":null,"prompt":"a"}', NO_MODEL],
    ['null', NO_MODEL],
    ['{"model":1}', '"model" of /tokenize must be a string'],
    ['{"model":', 'the body of /tokenize is not a JSON object: unexpected end at byte 9'],
  ])('refuses %s', (text, why) => {
    expect(() => parse(text)).toThrow(`malformed request: ${why}`);
    expect(() => parse(text)).toThrow(UserFacingError);
  });

  it('refuses a form', () => {
    expect(() => parse('', 'multipart/form-data; boundary=x')).toThrow(
      'malformed request: /tokenize takes a JSON body, found multipart/form-data',
    );
  });
});

describe('the parser of /v2/rerank', () => {
  it('G43: takes what is the provider to judge, and never streams', () => {
    const text = '{"model":"m","query":"q","documents":[{"text":"a"}],"stream":true}';
    const parsed = parse(text, 'application/json', rerank);
    expect([parsed.model, parsed.isStreaming, Buffer.from(parsed.body).toString()]).toEqual(['m', false, text]);
    expect(parse('{}', 'application/json', rerank).model).toBe('');
  });

  it.each([
    ['{"model":', 'malformed request: the body of /v2/rerank is not a JSON object: unexpected end at byte 9'],
    ['[]', 'malformed request: the body of /v2/rerank is not a JSON object: unexpected "[" at byte 0'],
    ['{"model":[]}', 'malformed request: "model" of /v2/rerank must be a string'],
  ])('refuses %s', (text, why) => {
    expect(() => parse(text, 'application/json', rerank)).toThrow(new UserFacingError(why));
  });
});
