import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../shared/errors.js';
import { Redacted } from '../../../shared/secret.js';
import { encodeHeaderValueOption } from '../wire/header-value-option.js';
import { compileHeaderMutation, isProtectedHeader } from './header-mutation.js';

const set = (name: string, value: string) => ({ name, value: new Redacted(value) });
const encoded = (name: string, value: string) => ({ name, value, encoded: encodeHeaderValueOption(name, value) });

describe('compileHeaderMutation', () => {
  it('lower-cases names, keeps the order and encodes the sets', () => {
    const plan = compileHeaderMutation({ set: [set('X-B', '1'), set('x-a', '')], remove: ['X-C', 'x-d', 'x-c'] });
    expect(plan).toEqual({
      sets: [encoded('x-b', '1'), encoded('x-a', '')],
      removes: ['x-c', 'x-d'],
      setNames: new Set(['x-b', 'x-a']),
      removeNames: new Set(['x-c', 'x-d']),
    });
  });

  it('is empty when nothing is configured', () => {
    expect(compileHeaderMutation({})).toEqual({
      sets: [],
      removes: [],
      setNames: new Set(),
      removeNames: new Set(),
    });
  });

  it('lets set win over remove, and the last of several sets', () => {
    const plan = compileHeaderMutation({ set: [set('x-a', '1'), set('X-A', '2')], remove: ['X-a', 'x-b'] });
    expect(plan.sets).toEqual([encoded('x-a', '2')]);
    expect(plan.removes).toEqual(['x-b']);
  });

  it('drops protected and empty names', () => {
    const names = [':path', 'X-AI-EG-Model', 'x-envoy-original-path', ''];
    const plan = compileHeaderMutation({ set: names.map((name) => set(name, '1')), remove: names });
    expect([...plan.sets, ...plan.removes, ...plan.setNames, ...plan.removeNames]).toEqual([]);
  });

  it.each([
    ['x a', '"x a"'],
    ['x:a', '"x:a"'],
    ['x\r\na', '"x\\r\\na"'],
    ['é', '"é"'],
    ['é'.repeat(65), `"${'é'.repeat(64)}"`],
  ])('refuses the name %j', (name, shown) => {
    const reason = `${shown} is not a header name; expected letters, digits and !#$%&'*+-.^_\`|~ only`;
    expect(() => compileHeaderMutation({ set: [set('x-a', '1'), set(name, 'v')] })).toThrow(
      new UserFacingError(`httpHeaderMutation.set[1].name ${reason}`),
    );
    expect(() => compileHeaderMutation({ remove: [name] })).toThrow(
      new UserFacingError(`httpHeaderMutation.remove[0] ${reason}`),
    );
  });

  it.each(['\0', '\n', '\r', '\u001f', '\u007f'])('refuses a value with %j without showing it', (control) => {
    expect(() => compileHeaderMutation({ set: [set('X-Key', `secret${control}`)] })).toThrow(
      new UserFacingError(
        'httpHeaderMutation.set[0].value of header "X-Key" has a control character, such as a line break; remove it',
      ),
    );
  });

  it('takes every character of a name and of a value that HTTP allows', () => {
    const [name, value] = ["!#$%&'*+-.^_`|~09az", 'a\tb ~é\u0085'];
    expect(compileHeaderMutation({ set: [set(name, value)] }).sets).toEqual([encoded(name, value)]);
  });
});

describe('isProtectedHeader', () => {
  it.each([
    [':authority', true],
    ['x-ai-eg-anything', true],
    ['X-Envoy-Original-Path', true],
    ['x-envoy-original-path-2', false],
    ['x-ai-e', false],
    ['authorization', false],
  ])('says of %s: %s', (name, expected) => {
    expect(isProtectedHeader(name)).toBe(expected);
  });
});
