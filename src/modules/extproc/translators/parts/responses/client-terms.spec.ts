import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../../../shared/errors.js';
import { MalformedRequestError } from '../../../request-error.js';
import { clientPath, inClientTerms, joinedReceipt } from './client-terms.js';

describe('clientPath', () => {
  it.each([
    ['max_completion_tokens', 'max_output_tokens'],
    ['response_format', 'text.format'],
    ['response_format.json_schema.strict', 'text.format.strict'],
    ['reasoning_effort', 'reasoning.effort'],
    ['verbosity', 'text.verbosity'],
    ['input[0].content[1]', 'input[0].content[1]'],
    ['tools[0].strict', 'tools[0].strict'],
    ['tools[0].function.strict', 'tools[0].strict'],
    ['input[0].content[1].image_url.detail', 'input[0].content[1].detail'],
    ['input[0].content[1].image_url.url', 'input[0].content[1].image_url'],
    ['input[0].output[0].file.filename', 'input[0].output[0].filename'],
    ['input[2].function.arguments', 'input[2].arguments'],
    ['messages', 'input'],
    ['input[1].thinking_blocks[0]', 'input[1]'],
  ])('calls %s %s', (path, expected) => {
    expect(clientPath(path)).toBe(expected);
  });
});

describe('inClientTerms', () => {
  it.each([
    [
      new UserFacingError('"reasoning_effort" must be "low", and "response_format.json_schema.schema" an object'),
      new UserFacingError('"reasoning.effort" must be "low", and "text.format.schema" an object'),
    ],
    [
      new MalformedRequestError('"input[2].content[1].image_url.url" is no image'),
      new MalformedRequestError('"input[2].content[1].image_url" is no image'),
    ],
  ])('tells %p with the names of the client and the same status', (thrown, told) => {
    const act = () =>
      inClientTerms(() => {
        throw thrown;
      });
    expect(act).toThrow(told.message);
    expect(act).toThrow(thrown.constructor);
  });

  it('leaves other failures alone', () => {
    const failure = new TypeError('"messages"');
    expect(() =>
      inClientTerms(() => {
        throw failure;
      }),
    ).toThrow(failure);
  });
});

describe('joinedReceipt', () => {
  it('tells every path once, in the terms of the client', () => {
    expect(joinedReceipt(['a', 'text.format'], ['response_format', 'user'])).toEqual(['a', 'text.format', 'user']);
  });
});
