import { describe, expect, it } from '@jest/globals';
import type { Machine } from './directories.js';
import { parseRunSettings, runPaths } from './run-settings.js';

const machine = (env: Record<string, string> = {}): Machine => ({
  env,
  home: '/home/me',
  workingDirectory: '/work',
  userId: 1000,
});
const NOW = new Date(2026, 10, 21, 3, 4, 5);
const parse = (argv: string[], env: Record<string, string> = {}) =>
  parseRunSettings(argv, machine(env), NOW, 123_456_789);

describe('parseRunSettings', () => {
  it('has the defaults of the reference', () => {
    expect(parse([])).toEqual({
      isDebug: false,
      adminPort: 1064,
      concurrency: 0,
      drainTimeoutMs: 30_000,
      isLenient: false,
      runId: '20261121_030405_789',
      directories: {
        configHome: '/home/me/.config/aigw',
        dataHome: '/home/me/.local/share/aigw',
        stateHome: '/home/me/.local/state/aigw',
        runtimeDirectory: '/tmp/aigw-1000',
      },
    });
  });

  it('takes flags before and after the path, with one or two dashes', () => {
    expect(parse(['-debug', 'a.yaml', '--admin-port=7', '-run-id', 'x', '--lenient'])).toMatchObject({
      isDebug: true,
      path: '/work/a.yaml',
      adminPort: 7,
      runId: 'x',
      isLenient: true,
    });
  });

  it('prefers a flag to the environment to the default for directories, and expands them', () => {
    const env = { AIGW_STATE_HOME: '${BASE}/state', AIGW_DATA_HOME: '~/data', BASE: '/base', UID: '7' };
    expect(parse(['--config-home', 'rel/$BASE'], env).directories).toEqual({
      configHome: '/work/rel/base',
      dataHome: '/home/me/data',
      stateHome: '/base/state',
      runtimeDirectory: '/tmp/aigw-7',
    });
  });

  it('keeps a dash as the path of standard input', () => {
    expect(parse(['-']).path).toBe('-');
  });

  it.each([
    ['yes', true],
    ['TRUE', true],
    ['1', true],
    ['no', false],
    ['False', false],
    ['0', false],
  ])('reads AIGW_DEBUG=%s', (text, isDebug) => {
    expect(parse([], { AIGW_DEBUG: text }).isDebug).toBe(isDebug);
  });

  it('lets the flag win over AIGW_DEBUG', () => {
    expect(parse(['--debug=false'], { AIGW_DEBUG: 'true' }).isDebug).toBe(false);
  });

  it.each<[string[], Record<string, string>, string]>([
    [[], { AIGW_DEBUG: '' }, 'AIGW_DEBUG is ""; expected true, 1, yes, false, 0 or no'],
    [['a', 'b'], {}, 'unexpected argument b'],
    [['--admin-port', '0'], {}, '--admin-port is 0; expected 1 to 65535'],
    [['--admin-port', 'x'], {}, 'invalid value "x" for flag -admin-port: expected a whole number'],
    [['--run-id', '../x'], {}, '--run-id is "../x"; expected 1 to 64 letters, digits, dots, dashes or underscores'],
    [['--run-id', '..'], {}, '--run-id is ".."; expected 1 to 64 letters, digits, dots, dashes or underscores'],
    [['--nope'], {}, 'flag provided but not defined: -nope; -help lists all flags'],
    [['--debgu'], {}, 'flag provided but not defined: -debgu; did you mean -debug? -help lists all flags'],
    [['--mcp-json={}'], {}, 'MCP is not available yet; remove the --mcp- flags'],
  ])('refuses %j with %j', (argv, env, message) => {
    expect(() => parse(argv, env)).toThrow(message);
  });
});

describe('runPaths', () => {
  it('puts logs under the state home and the socket under the runtime directory', () => {
    expect(runPaths(parse(['--run-id', 'x']))).toMatchObject({
      log: '/home/me/.local/state/aigw/runs/x/aigw.log',
      filterConfig: '/home/me/.local/state/aigw/runs/x/extproc-config.yaml',
      socket: '/tmp/aigw-1000/x/uds.sock',
      adminAddress: '/tmp/aigw-1000/x/admin-address.txt',
    });
  });
});
