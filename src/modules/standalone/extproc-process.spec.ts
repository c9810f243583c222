import { describe, expect, it } from '@jest/globals';
import { parseExtprocSettings } from '../../platform/config/extproc-settings.js';
import { extprocArguments } from './extproc-process.js';

const argumentsWith = (env: Record<string, string>) =>
  extprocArguments({
    entryPoint: '/main.js',
    configPath: '/c',
    socketPath: '/s',
    adminPort: 1,
    isDebug: false,
    env,
    report: () => undefined,
    showLine: () => undefined,
  });

describe('extprocArguments', () => {
  it('are what the extproc mode takes', () => {
    expect(parseExtprocSettings(argumentsWith({}), {})).toMatchObject({
      config: { kind: 'file', path: '/c' },
      address: { kind: 'unix', path: '/s' },
      adminPort: 1,
      logLevel: 'warn',
      shutdownDelayMs: 0,
    });
  });

  it('pass on the attribute mappings that are set, also when set to empty', () => {
    const given = argumentsWith({
      OTEL_AIGW_METRICS_REQUEST_HEADER_ATTRIBUTES: 'a:b',
      OTEL_AIGW_LOG_REQUEST_HEADER_ATTRIBUTES: '',
    });
    expect(given.slice(-2)).toEqual(['-metricsRequestHeaderAttributes=a:b', '-logRequestHeaderAttributes=']);
  });
});
