import { describe, expect, it } from '@jest/globals';
import { chooseOrigin } from './config-input.js';
import { UsageError } from './settings/usage-error.js';

const choose = (path: string | undefined, env: Record<string, string>, ...present: string[]) =>
  chooseOrigin(path, { configHome: '/c' }, env, (one) => present.includes(one));

describe('chooseOrigin', () => {
  it('takes the argument, then the default file, then the environment', () => {
    const env = { OPENAI_API_KEY: 'k' };
    expect(choose('/a.yaml', env, '/a.yaml', '/c/config.yaml')).toEqual({ kind: 'path', path: '/a.yaml' });
    expect(choose(undefined, env, '/c/config.yaml')).toEqual({ kind: 'path', path: '/c/config.yaml' });
    expect(choose(undefined, env)).toMatchObject({
      kind: 'generated',
      text: expect.stringContaining('api.openai.com'),
    });
    expect(choose('-', env)).toEqual({ kind: 'stdin' });
  });

  it.each([
    ['a path that does not exist', '/a.yaml', 'run: cannot read /a.yaml: there is no such file or directory'],
    [
      'nothing to run',
      undefined,
      'run: you must supply at least OPENAI_API_KEY, AZURE_OPENAI_API_KEY, ANTHROPIC_API_KEY, or a config file path',
    ],
  ])('is a usage error for %s', (_, path, message) => {
    expect(() => choose(path, {})).toThrow(new UsageError(message));
  });
});
