import { describe, expect, it } from '@jest/globals';
import { findEnvoy } from './find-envoy.js';

const WAYS = 'Provide Envoy in one of three ways:\n  1. set ENVOY_PATH';
const INSTALLED = '/pkg/.tools/envoy-1.38.3/envoy/_bin/envoy';
const find = (env: Record<string, string>, ...present: string[]) =>
  findEnvoy(env, '/pkg', (path) => present.includes(path));

describe('findEnvoy', () => {
  it.each<[string, Record<string, string>, string[], string]>([
    ['ENVOY_PATH first', { ENVOY_PATH: '/e', PATH: '/bin' }, ['/e', '/bin/envoy', INSTALLED], '/e'],
    ['then PATH, in its order', { PATH: '/a::/b' }, ['/b/envoy', INSTALLED], '/b/envoy'],
    ['then the one of the package', { ENVOY_PATH: '', PATH: '/a' }, [INSTALLED], INSTALLED],
  ])('takes %s', (_, env, present, found) => {
    expect(find(env, ...present)).toBe(found);
  });

  it('names the three ways when there is none', () => {
    expect(() => find({})).toThrow(`cannot find Envoy.\n${WAYS}`);
  });

  it('does not look further when ENVOY_PATH names no program', () => {
    expect(() => find({ ENVOY_PATH: '/e', PATH: '/a' }, '/a/envoy')).toThrow(
      `ENVOY_PATH is "/e", which is not an executable file.\n${WAYS}`,
    );
  });
});
