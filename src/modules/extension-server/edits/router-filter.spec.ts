import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { HttpConnectionManagerSchema } from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { insertionIndex, withRouterFilter } from './router-filter.js';
import { EXT_PROC_FILTER } from './xds-names.js';

const OURS = '>ours<';
/** The chain, written with short names, after the insertion. */
function order(chain: string, filtersBefore: readonly string[] = []): string | undefined {
  const names = chain.split(' ');
  const filters = names.map((name) => ({ name: `envoy.filters.http.${name}` }));
  const index = insertionIndex(filters, filtersBefore);
  return index === undefined ? undefined : names.toSpliced(index, 0, OURS).join(' ');
}

describe('insertionIndex', () => {
  it.each([
    'router',
    'ext_proc router',
    'ext_proc/a ext_proc/b router',
    'wasm router',
    'lua router',
    'dynamic_modules router',
    'rbac router',
    'local_ratelimit router',
    'ratelimit router',
    'custom_response router',
    'credential_injector router',
    'compressor router',
  ])('is 0 for "%s"', (chain) => {
    expect(order(chain)).toBe(`${OURS} ${chain}`);
  });

  it.each([
    ['fault cors router', 'fault cors >ours< router'],
    ['fault cors lua jwt_authn rbac router', 'fault cors lua jwt_authn >ours< rbac router'],
    ['buffer ext_proc router', 'buffer >ours< ext_proc router'],
    ['ext_proc buffer router', 'ext_proc buffer >ours< router'],
    ['custom_response ext_authz/p jwt_authn rbac router', 'custom_response ext_authz/p jwt_authn >ours< rbac router'],
    ['custom_response api_key_auth router', 'custom_response api_key_auth >ours< router'],
    ['custom_response basic_auth router', 'custom_response basic_auth >ours< router'],
    ['custom_response oauth2/p router', 'custom_response oauth2/p >ours< router'],
  ])('turns "%s" into "%s"', (chain, expected) => {
    expect(order(chain)).toBe(expected);
  });

  it('puts the filter behind those of the list, by exact name', () => {
    const filtersBefore = ['envoy.filters.http.ext_proc/first'];
    expect(order('ext_proc/first ext_proc/first-not lua router', filtersBefore)).toBe(
      'ext_proc/first >ours< ext_proc/first-not lua router',
    );
  });

  it.each(['fault cors', 'router jwt_authn'])('is undefined for "%s"', (chain) => {
    expect(order(chain)).toBeUndefined();
  });
});

describe('withRouterFilter', () => {
  it('keeps a scheme that is to be overwritten', () => {
    const manager = create(HttpConnectionManagerSchema, {
      httpFilters: [{ name: 'envoy.filters.http.router' }],
      schemeHeaderTransformation: { schemeToOverwrite: 'https' },
    });
    expect(withRouterFilter(manager, [])?.schemeHeaderTransformation).toMatchObject({
      schemeToOverwrite: 'https',
      matchUpstream: true,
    });
  });

  it('leaves a manager alone that has the filter', () => {
    const manager = create(HttpConnectionManagerSchema, { httpFilters: [{ name: EXT_PROC_FILTER }] });
    expect(withRouterFilter(manager, [])).toBe(manager);
  });
});
