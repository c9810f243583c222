import { describe, expect, it } from '@jest/globals';
import { parseFilterConfig } from '../../../shared/filter-config/parse.js';
import { compileRuntimeConfig } from './compile.js';
import { noCredentials } from '../../../../test/harness/credential-sources.js';
import { reportConfig } from './config-report.js';

describe('reportConfig', () => {
  it('names the broken parts and shows no secret', () => {
    const text = `
version: "1"
uuid: u
backends:
- {name: ns/good/route/r/rule/0/ref/0, schema: {name: OpenAI}, auth: {apiKey: {key: planted-secret}}}
- {name: ns/bad/route/r/rule/0/ref/1, schema: {name: OpenAI}, auth: {apiKey: {key: ""}}}
`;
    const current = compileRuntimeConfig(parseFilterConfig(text, 'config.yaml'), noCredentials());
    const state = { loadedAt: new Date(0), lastError: new Error('config.yaml:3: broken'), isWatching: true };
    const report = reportConfig({ current, state });
    expect(report).toMatchObject({
      version: '1',
      uuid: 'u',
      loadedAt: '1970-01-01T00:00:00.000Z',
      lastError: 'config.yaml:3: broken',
      backends: 2,
      faults: [{ subject: 'ns/bad/route/r/rule/0/ref/1' }],
    });
    expect(JSON.stringify(report)).not.toContain('planted-secret');
  });

  it('says that there is none yet', () => {
    expect(reportConfig({ current: undefined, state: { isWatching: false } })).toEqual({
      version: null,
      uuid: null,
      loadedAt: null,
      lastError: null,
      backends: 0,
      faults: [],
    });
  });
});
