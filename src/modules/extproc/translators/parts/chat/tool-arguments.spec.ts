import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../../../shared/errors.js';
import { parseToolArguments } from './tool-arguments.js';

const call = (text: string) => ({ path: 'messages[1].tool_calls[0]', id: 'c', name: 'f', arguments: text });

describe('parseToolArguments', () => {
  it.each(['', ' \n\t', 'null', ' null '])('G16: reads blank tool arguments as {}: %j', (text) => {
    expect(parseToolArguments(call(text))).toEqual({});
  });

  it.each(['{"a":12345678901234567890,"b":1.0,"c":1e3}', '{"__proto__":{"x":1}}', '{"a":"\\ud83d\\ude00"}'])(
    'G36: keeps numbers and members of %s',
    (text) => {
      expect(JSON.parse(JSON.stringify(parseToolArguments(call(text))))).toEqual(JSON.parse(text));
    },
  );

  it('G36: writes numbers as the model did', () => {
    const text = '{"a":12345678901234567890,"b":1.0,"c":1e3}';
    expect(JSON.stringify(parseToolArguments(call(text)))).toBe(text);
  });

  it.each([
    ['[]', 'an array'],
    ['1', 'a number'],
    ['"a"', 'a string'],
    ['true', 'a boolean'],
    ['{"a":', 'text that is not JSON'],
    ['nul', 'text that is not JSON'],
  ])('G16: refuses %s with 422', (text, found) => {
    expect(() => parseToolArguments(call(text))).toThrow(
      new UserFacingError(
        `the arguments of the tool call "messages[1].tool_calls[0]" must be the text of a JSON object, found ${found}: send the arguments back as the model gave them`,
      ),
    );
  });
});
