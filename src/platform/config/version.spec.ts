import { describe, expect, it } from '@jest/globals';
import { buildVersion } from './version.js';

describe('buildVersion', () => {
  it('comes from package.json', () => {
    expect(buildVersion({})).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('comes from AIGW_VERSION when it is set', () => {
    expect(buildVersion({ AIGW_VERSION: 'v1.1.0' })).toBe('v1.1.0');
  });

  it('ignores AIGW_VERSION when it is empty', () => {
    expect(buildVersion({ AIGW_VERSION: '' })).toBe(buildVersion({}));
  });
});
