import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type RestoreInput, restoreHeaders } from './header-restore.js';

interface Case {
  original?: Record<string, string>;
  current?: Record<string, string>;
  set?: string[];
  removed?: string[];
  userSets?: string[];
  userRemoves?: string[];
  attemptNames?: string[];
}

const inputOf = (given: Case): RestoreInput => ({
  original: new Map(Object.entries(given.original ?? {})),
  current: new Map(Object.entries(given.current ?? {})),
  previous: { setNames: new Set(given.set), removedNames: new Set(given.removed) },
  plan: { setNames: new Set(given.userSets), removeNames: new Set(given.userRemoves) },
  attemptNames: new Set(given.attemptNames),
});

describe('restoreHeaders', () => {
  it.each<[string, Case, { sets?: Record<string, string>; removes?: string[] }]>([
    ['puts a changed header back', { original: { a: '1' }, current: { a: '2' }, set: ['a'] }, { sets: { a: '1' } }],
    ['removes a header the client had not', { current: { a: '2' }, set: ['a'] }, { removes: ['a'] }],
    ['brings a removed header back', { original: { a: '1' }, removed: ['a'] }, { sets: { a: '1' } }],
    [
      'brings a header back that was set, then removed',
      { original: { a: '1' }, set: ['a'], removed: ['a'] },
      { sets: { a: '1' } },
    ],
    ['sends nothing when the value is the same', { original: { a: '1' }, current: { a: '1' }, set: ['a'] }, {}],
    ['sends nothing when the header is gone already', { set: ['a'] }, {}],
    ['leaves what we removed absent when the client had not sent it', { removed: ['a'] }, {}],
    [
      'leaves what another filter added or changed',
      { original: { a: '1' }, current: { a: '2', traceparent: 't' } },
      {},
    ],
    [
      'leaves what another filter added where we removed',
      { original: { a: '1' }, current: { a: '2' }, removed: ['a'] },
      {},
    ],
    ['leaves what the user sets', { original: { a: '1' }, current: { a: '2' }, set: ['a'], userSets: ['a'] }, {}],
    ['leaves what the user removes', { original: { a: '1' }, removed: ['a'], userRemoves: ['a'] }, {}],
    [
      'leaves what this attempt sets',
      {
        original: { 'content-type': 'x' },
        current: { 'content-type': 'y' },
        set: ['content-type'],
        attemptNames: ['content-type'],
      },
      {},
    ],
    [
      'leaves protected names and the length of the body',
      {
        original: { ':path': '/a', 'x-ai-eg-model': 'm', 'content-length': '1' },
        current: { ':path': '/b', 'content-length': '2' },
        set: [':path', 'content-length', 'x-ai-eg-upstream-host'],
        removed: ['x-ai-eg-model', 'content-length'],
      },
      {},
    ],
  ])('%s', (_case, given, { sets = {}, removes = [] }) => {
    expect(restoreHeaders(inputOf(given))).toEqual({
      sets: Object.entries(sets).map(([name, value]) => ({ name, value })),
      removes,
    });
  });

  it("gives back the client's headers after any edits of ours", () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const map = fc.dictionary(names, fc.constantFrom('1', '2'));
    const attempt = fc.record({ sets: map, removes: fc.array(names) });
    fc.assert(
      fc.property(map, fc.array(attempt, { maxLength: 3 }), (client, attempts) => {
        const current = new Map<string, string>([...Object.entries(client), ['traceparent', 't']]);
        const previous = { setNames: new Set<string>(), removedNames: new Set<string>() };
        for (const { sets, removes } of attempts) {
          for (const name of removes) {
            current.delete(name);
            previous.removedNames.add(name);
          }
          for (const [name, value] of Object.entries(sets)) {
            current.set(name, value);
            previous.setNames.add(name);
          }
        }
        const { sets, removes } = restoreHeaders({ ...inputOf({ original: client }), current, previous });
        for (const name of removes) current.delete(name);
        for (const { name, value } of sets) current.set(name, value);
        expect(Object.fromEntries(current)).toEqual({ ...client, traceparent: 't' });
      }),
    );
  });
});
