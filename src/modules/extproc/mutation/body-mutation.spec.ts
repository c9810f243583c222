import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { UserFacingError } from '../../../shared/errors.js';
import type { BodyMutationConfig } from '../../../shared/filter-config/filter-config.js';
import { applyBodyMutation, compileBodyMutation } from './body-mutation.js';
import { parseBodyPath, type PathStep } from './body-path.js';

function mutate(config: BodyMutationConfig, text: string): { text: string; failures: string[] } {
  const failures: string[] = [];
  const bytes = applyBodyMutation(compileBodyMutation(config), new Uint8Array(Buffer.from(text)), (why) =>
    failures.push(why),
  );
  return { text: Buffer.from(bytes).toString(), failures };
}
const set = (path: string, value: string) => ({ set: [{ path, value }] });
const remove = (...paths: string[]) => ({ remove: paths });

describe('compileBodyMutation', () => {
  it.each([
    ['"text"', '"text"'],
    [' {"b": 12345678901234567890} ', '{"b": 12345678901234567890}'],
    ['[1,\n2]', '[1,\n2]'],
    ['true', 'true'],
    ['null', 'null'],
    ['-1.5e+3', '-1.5e+3'],
    ['plain text', '"plain text"'],
    [' spaces stay ', '" spaces stay "'],
    ['', '""'],
    ['"', String.raw`"\""`],
    ['"abc', String.raw`"\"abc"`],
    ['{open', '"{open"'],
    ['True', '"True"'],
    ['v1.2', '"v1.2"'],
    ['.5', '".5"'],
    ['NaN', '"NaN"'],
  ])('inserts the value %j as %s', (value, expected) => {
    expect(mutate(set('a', value), '{}').text).toBe(`{"a":${expected}}`);
  });

  it.each(['{bad}', '["a"', '[1,]', '"a"b"', '2024-01-01', '+5', '01', '-'])('refuses or quotes %s', (value) => {
    const looksWhole = value !== '["a"';
    const compile = () =>
      compileBodyMutation({
        set: [
          { path: 'x', value: '1' },
          { path: 'a', value },
        ],
      });
    const refused = () => {
      try {
        return void compile();
      } catch (error) {
        return error;
      }
    };
    const message =
      'cannot use httpBodyMutation.set[1].value: it looks like JSON but is not; correct it, or put it in double quotes to set it as text';
    expect(refused()).toEqual(looksWhole ? new UserFacingError(message) : undefined);
  });

  it('names the entry when a path cannot be used', () => {
    expect(() => compileBodyMutation(remove('a', 'b#'))).toThrow(
      'cannot use httpBodyMutation.remove[1] "b#": "#" makes it a query',
    );
    expect(() => compileBodyMutation(set('a..b', '1'))).toThrow(
      'cannot use httpBodyMutation.set[0].path "a..b": a step',
    );
  });
});

describe('applyBodyMutation', () => {
  it.each<[string, BodyMutationConfig, string, string]>([
    ['replaces in place', set('a', '2'), '{ "x" : 1.0, "a" : [1] ,"y":1e5}', '{ "x" : 1.0, "a" : 2 ,"y":1e5}'],
    ['adds at the front', set('b', '2'), '{ "a":1 }', '{"b":2, "a":1 }'],
    ['removes the first member', remove('a'), '{ "a":1, "b":2 }', '{ "b":2 }'],
    ['removes the last member', remove('b'), '{ "a":1, "b":2 }', '{ "a":1 }'],
    ['removes the middle member', remove('b'), '{"a":1, "b":2, "c":3}', '{"a":1, "c":3}'],
    ['removes neighbours and ends', remove('d', 'a', 'b', 'e'), '{"a":1,"b":2,"c":3,"d":4,"e":5}', '{"c":3}'],
    ['removes everything', remove('a', 'b'), '{ "a":1, "b":2 }', '{  }'],
    ['removes everything and adds', { ...remove('a'), ...set('b', '2') }, '{ "a":1 }', '{"b":2  }'],
    ['sets what it removes', { ...remove('a'), ...set('a', '2') }, '{"a":1,"b":0}', '{"a":2,"b":0}'],
    ['lets the last of several sets win', { set: [...set('a', '1').set, ...set('a', '2').set] }, '{}', '{"a":2}'],
    ['leaves out what is not there', remove('x', 'x.y', 'a.b', 'a.0'), '{"a":1}', '{"a":1}'],
    ['skips empty paths', { ...remove(''), ...set('', '1') }, '{"a":1}', '{"a":1}'],
    ['replaces every occurrence', set('a', '9'), '{"a":1,"b":2,"a":3}', '{"a":9,"b":2,"a":9}'],
    ['removes every occurrence', remove('a'), '{"a":1,"b":2,"a":3}', '{"b":2}'],
    ['sets inside every occurrence', set('a.x', '9'), '{"a":{},"a":{"x":1}}', '{"a":{"x":9},"a":{"x":9}}'],
    ['removes inside every occurrence', remove('a.x'), '{"a":{"x":1},"a":{"x":1,"y":2}}', '{"a":{},"a":{"y":2}}'],
    ['sets a nested member', set('a.b.c', '9'), '{"a":{"b":{"c" : 1, "d":2}}}', '{"a":{"b":{"c" : 9, "d":2}}}'],
    ['creates what is missing', set('a.b.c', '9'), '{"a":{"x":1}}', '{"a":{"b":{"c":9},"x":1}}'],
    ['creates in place of null', set('a.b', '9'), '{"a":null}', '{"a":{"b":9}}'],
    ['creates arrays', set('a.1.-1', '9'), '{}', '{"a":[null,[9]]}'],
    ['creates objects for forced keys', set('a.:1', '9'), '{}', '{"a":{"1":9}}'],
    ['reads an index as a key of an object', set('a.0', '9'), '{"a":{"0":1}}', '{"a":{"0":9}}'],
    ['sets an element', set('a.1', '9'), '{"a":[1, 2, 3]}', '{"a":[1, 9, 3]}'],
    ['appends an element', set('a.-1', '9'), '{"a":[1, 2 ]}', '{"a":[1, 2,9 ]}'],
    ['appends to an empty array', set('a.-1', '9'), '{"a":[ ]}', '{"a":[9 ]}'],
    ['fills up an array', set('a.3', '9'), '{"a":[1]}', '{"a":[1,null,null,9]}'],
    ['sets inside an element', set('a.0.b', '9'), '{"a":[{"b":1}]}', '{"a":[{"b":9}]}'],
    ['removes an element', remove('a.0'), '{"a":[1, 2]}', '{"a":[2]}'],
    ['removes the last element', remove('a.-1'), '{"a":[1, 2]}', '{"a":[1]}'],
    ['removes no element of an empty array', remove('a.-1'), '{"a":[]}', '{"a":[]}'],
    ['removes no element by a word', remove('a.b'), '{"a":[1]}', '{"a":[1]}'],
    ['finds escaped keys', set('é', '9'), String.raw`{"\u00e9":1}`, String.raw`{"\u00e9":9}`],
    ['takes a JSON pointer', set('/a.b/0/-', '9'), '{"a.b":[[1]]}', '{"a.b":[[1,9]]}'],
    [
      'goes in order when nested and top-level edits meet',
      { remove: ['a.x'], set: [...set('a', '{}').set, ...set('a.y', '2').set, ...set('b', '3').set] },
      '{"a":{"x":1}}',
      '{"b":3,"a":{"y":2}}',
    ],
  ])('%s', (_case, config, text, expected) => {
    expect(mutate(config, text)).toEqual({ text: expected, failures: [] });
  });

  it.each([
    ['[{"a":1}]', 'cannot apply httpBodyMutation.remove[0]: unexpected "[" at byte 0'],
    ['{"b":1', 'cannot apply httpBodyMutation.remove[0]: unexpected end at byte 6'],
    ['null', 'cannot apply httpBodyMutation.remove[0]: unexpected "n" at byte 0'],
    ['', 'cannot apply httpBodyMutation.remove[0]: unexpected end at byte 0'],
    ['{"x":0,"a":5}', 'cannot apply httpBodyMutation.set[0]: "b" is looked for in a value that has no members'],
    ['{"x":0,"a":["b"]}', 'cannot apply httpBodyMutation.set[0]: "b" is not an index of an array'],
  ])('drops all edits and tells why when the body is %s', (text, failure) => {
    expect(mutate({ ...remove('x'), ...set('a.b', '1') }, text)).toEqual({ text, failures: [failure] });
  });

  it('gives the same bytes back when nothing changes or an edit fails', () => {
    for (const [config, text] of [
      [{}, '{"a":1}'],
      [{}, 'not JSON'],
      [remove('b'), '{"a":1}'],
      [set('b', '1'), 'not JSON'],
    ] as const) {
      const bytes = Buffer.from(text);
      expect(applyBodyMutation(compileBodyMutation(config), bytes)).toBe(bytes);
    }
  });

  it('does what the same edits do on objects', () => {
    const key = fc.constantFrom('a', 'b', '0', '1', 'é', '"', '');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(0, 1.5, 'text', '}', '\\"', true, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    const step = fc.constantFrom('a', 'b', '0', '1', '-1', ':0', 'é', '"');
    const path = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('.'));
    const configs = fc.record({
      remove: fc.array(path, { maxLength: 3 }),
      set: fc.array(fc.record({ path, value: value.map((any) => JSON.stringify(any)) }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.dictionary(key, value), configs, fc.nat(2), (body, config, indent) => {
        const { text, failures } = mutate(config, JSON.stringify(body, null, indent));
        const expected = model(config, JSON.parse(JSON.stringify(body)) as Json);
        expect(JSON.parse(text)).toEqual(expected ?? JSON.parse(JSON.stringify(body)));
        expect(failures).toHaveLength(expected === undefined ? 1 : 0);
      }),
      { numRuns: 3000 },
    );
  });
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The specification on plain objects; undefined when an edit does not fit. */
function model(config: BodyMutationConfig, body: Json): Json | undefined {
  try {
    for (const path of config.remove ?? []) removeIn(body, parseBodyPath(path, ''));
    for (const { path, value } of config.set ?? [])
      body = setIn(body, parseBodyPath(path, ''), JSON.parse(value) as Json);
    return body;
  } catch {
    return undefined;
  }
}

function removeIn(container: Json, [step, ...rest]: readonly PathStep[]): void {
  if (step === undefined || typeof container !== 'object' || container === null) return;
  if (Array.isArray(container)) {
    const index = step.index === 'last' ? container.length - 1 : step.index;
    if (index === undefined || index < 0 || index >= container.length) return;
    if (rest.length === 0) container.splice(index, 1);
    else removeIn(container[index]!, rest);
  } else if (rest.length === 0) delete container[step.key];
  else removeIn(container[step.key] ?? null, rest);
}

function setIn(container: Json | undefined, [step, ...rest]: readonly PathStep[], value: Json): Json {
  if (step === undefined) return value;
  const target = container ?? (step.index === undefined ? {} : []);
  if (typeof target !== 'object') throw new Error('no container');
  if (!Array.isArray(target)) {
    target[step.key] = setIn(Object.hasOwn(target, step.key) ? target[step.key] : undefined, rest, value);
    return target;
  }
  if (step.index === undefined) throw new Error('no index');
  const index = step.index === 'last' ? target.length : step.index;
  while (target.length < index) target.push(null);
  target[index] = setIn(target[index], rest, value);
  return target;
}
