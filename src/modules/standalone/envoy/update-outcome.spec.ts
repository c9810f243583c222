import { describe, expect, it } from '@jest/globals';
import { updateOutcome } from './update-outcome.js';
import type { XdsFile } from './xds-files.js';

const file: XdsFile = { path: 'routes/x.json', version: 'v2', content: '', statPrefix: /^http\..+\.rds\.r$/ };
const stats = (values: Record<string, number | string>) => new Map(Object.entries(values));

describe('updateOutcome', () => {
  it.each([
    ['no listener reads the file yet', {}, {}, 'taken'],
    ['the version is the new one', {}, { 'http.a.rds.r.version_text': 'v2' }, 'taken'],
    ['the version is the old one', {}, { 'http.a.rds.r.version_text': 'v1' }, 'pending'],
    [
      'one of two connection managers is behind',
      {},
      { 'http.a.rds.r.version_text': 'v2', 'http.b.rds.r.version_text': 'v1' },
      'pending',
    ],
    [
      'a rejection was counted',
      { 'http.a.rds.r.update_rejected': 1 },
      { 'http.a.rds.r.update_rejected': 2 },
      'refused',
    ],
    ['a failure was counted for the first time', {}, { 'http.a.rds.r.update_failure': 1 }, 'refused'],
    [
      'only an earlier rejection was counted',
      { 'http.a.rds.r.update_rejected': 1 },
      { 'http.a.rds.r.update_rejected': 1, 'http.a.rds.r.version_text': 'v2' },
      'taken',
    ],
    ['another file was rejected', {}, { 'http.a.rds.other.update_rejected': 1 }, 'taken'],
  ])('is right when %s', (_, baseline, now, outcome) => {
    expect(updateOutcome(file, stats(baseline), stats(now))).toBe(outcome);
  });
});
