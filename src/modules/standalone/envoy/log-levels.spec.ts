import { describe, expect, it } from '@jest/globals';
import { componentList, logLevels } from './log-levels.js';

const QUIET = { http: 'info', ext_proc: 'info', router: 'info' };

describe('logLevels', () => {
  it.each([
    ['nothing is asked for', {}, false, 'error', { config: 'warning' }],
    ['a level is asked for', { default: 'warn' }, false, 'warning', { config: 'warning' }],
    ['everything is asked for', { default: 'trace' }, false, 'trace', { ...QUIET, config: 'trace' }],
    ['it is for debugging', { default: 'error' }, true, 'debug', { ...QUIET, config: 'debug' }],
    [
      'components are asked for',
      { ext_proc: 'debug', config: 'error' },
      true,
      'debug',
      { ...QUIET, ext_proc: 'debug', config: 'warning' },
    ],
  ])('gives the levels when %s', (_, asked, isDebug, standard, components) => {
    expect(logLevels(asked, isDebug)).toEqual({ standard, components });
  });
});

describe('componentList', () => {
  it('names components with their levels', () => {
    expect(componentList(logLevels({ router: 'info' }, false))).toBe('router:info,config:warning');
  });
});
