import { describe, expect, it } from '@jest/globals';
import type { Problem } from '../resources/problem.js';
import { ProblemReport } from './problem-report.js';

const problem = (message: string, severity: Problem['severity'], line = 1): Problem => ({
  file: 'a.yaml',
  line,
  path: '',
  message,
  severity,
});
const old = problem('old version', 'warning');
const typo = problem('typo', 'error');

describe('ProblemReport', () => {
  it('tells a warning once while it lasts, wherever it moves', () => {
    const report = new ProblemReport();
    expect(report.next([old])).toEqual([old]);
    expect(report.next([{ ...old, line: 2 }])).toEqual([]);
    expect(report.next([])).toEqual([]);
    expect(report.next([old])).toEqual([old]);
  });

  it('tells errors every time, and forgets no warning for them', () => {
    const report = new ProblemReport();
    report.next([old]);
    expect(report.next([typo, old])).toEqual([typo]);
    expect(report.next([typo])).toEqual([typo]);
    expect(report.next([old])).toEqual([]);
  });
});
