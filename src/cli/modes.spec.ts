import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../shared/errors.js';
import { dispatch, MODES, type Mode, type RunMode } from './modes.js';

const mode = (run: RunMode): Mode => ({ summary: 'a mode', load: async () => run });

async function call(argv: readonly string[], modes: Readonly<Record<string, Mode>>) {
  let stdout = '';
  let stderr = '';
  const code = await dispatch(
    argv,
    { write: (text) => (stdout += text) },
    { write: (text) => (stderr += text) },
    modes,
  );
  return { code, stdout, stderr };
}
const failing = (error: unknown) => mode(async () => await Promise.reject(error));
const USAGE = 'usage: aigw <mode> [flags]\n\n  run  a mode\n\n"aigw <mode> -help" lists the flags of a mode.\n';

describe('dispatch', () => {
  it('hands the other words to the mode and gives back its exit code', async () => {
    const seen: (readonly string[])[] = [];
    const run = mode(async (argv) => {
      seen.push(argv);
      return 7;
    });
    expect(await call(['run', '-a', 'b'], { run })).toEqual({ code: 7, stdout: '', stderr: '' });
    expect(seen).toEqual([['-a', 'b']]);
  });

  it('takes flags alone for those of the default mode, where there is one', async () => {
    const seen: (readonly string[])[] = [];
    const run = mode(async (argv) => {
      seen.push(argv);
      return 0;
    });
    const nothing = { write: () => undefined };
    expect(await dispatch(['-a', 'b'], nothing, nothing, { run }, 'run')).toBe(0);
    expect(await dispatch(['run', '-c'], nothing, nothing, { run }, 'run')).toBe(0);
    expect(seen).toEqual([['-a', 'b'], ['-c']]);
  });

  it.each(['help', '-h', '-help', '--help'])('lists the modes on stdout for %s', async (word) => {
    expect(await call([word], { run: failing('') })).toEqual({ code: 0, stdout: USAGE, stderr: '' });
  });

  it.each([
    [[], 'no mode given'],
    [['serve'], 'unknown mode "serve"'],
    [['toString'], 'unknown mode "toString"'],
    [['-version'], 'unknown mode "-version"'],
  ])('lists the modes on stderr for %j', async (argv, fault) => {
    expect(await call(argv, { run: failing('') })).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${fault}\n\n${USAGE}`,
    });
  });

  it('shows a user-facing error by its message', async () => {
    const run = failing(new UserFacingError('cannot x'));
    expect(await call(['run'], { run })).toEqual({ code: 1, stdout: '', stderr: 'error: cannot x\n' });
  });

  it('shows any other error with its stack', async () => {
    const { code, stderr } = await call(['run'], { run: failing(new TypeError('boom')) });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: TypeError: boom\n {4}at /);
  });

  it('reports a mode that cannot be loaded', async () => {
    const run: Mode = { summary: '', load: async () => await Promise.reject(new UserFacingError('gone')) };
    expect((await call(['run'], { run })).stderr).toBe('error: gone\n');
  });
});

describe('MODES', () => {
  it('has one line for each', () => {
    expect(Object.keys(MODES)).toEqual(['extproc', 'controller', 'run', 'translate', 'healthcheck', 'version']);
    expect(Object.values(MODES).filter(({ summary }) => summary === '' || summary.includes('\n'))).toEqual([]);
  });
});
