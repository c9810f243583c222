import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { AuthConfig, CredentialOverrideConfig } from '../../../shared/filter-config/filter-config.js';
import { Redacted } from '../../../shared/secret.js';
import { encodeHeaderValueOption } from '../wire/header-value-option.js';
import type { AuthInput } from './backend-auth.js';
import { compileBackendAuth as compile } from './compile-backend-auth.js';
import { CredentialSources } from './credential-sources.js';

const SOURCES = new CredentialSources({ clock: { unixMs: () => 0, monotonicMs: () => 0 } });
const compileBackendAuth = (config: AuthConfig) => compile(config, SOURCES);
const secret = (value: string) => new Redacted(value);
const key = (value: string) => ({ key: secret(value) });
const input = (
  headers: Record<string, string> = {},
  metadata: Record<string, Record<string, unknown>> = {},
): AuthInput => ({
  headers: new Map(Object.entries(headers)),
  metadata: (namespace, name) => metadata[namespace]?.[name],
  body: () => new Uint8Array(),
});
const fromHeader = (fallbackToConfigured: boolean): CredentialOverrideConfig => ({
  headerName: 'x-aigw-api-key',
  fallbackToConfigured,
});
const fromMetadata = (fallbackToConfigured: boolean): CredentialOverrideConfig => ({
  dynamicMetadataNamespace: 'team.auth',
  dynamicMetadataKey: 'provider-key',
  fallbackToConfigured,
});

describe('compileBackendAuth', () => {
  it.each<[string, AuthConfig, string, string]>([
    ['apiKey', { apiKey: key(' sk-1\n') }, 'authorization', 'Bearer sk-1'],
    ['azureAPIKey', { azureAPIKey: key('\taz-1 ') }, 'api-key', 'az-1'],
    ['anthropicAPIKey', { anthropicAPIKey: key('ant-1\r\n') }, 'x-api-key', 'ant-1'],
    ['azure', { azure: { accessToken: secret(' token ') } }, 'authorization', 'Bearer token'],
  ])('sets the header of %s, trimmed and encoded beforehand', (_, config, name, value) => {
    const auth = compileBackendAuth(config);
    expect(auth.credentialHeaders).toEqual([name]);
    expect(auth.apply(input())).toEqual({
      kind: 'headers',
      sets: [{ name, value, encoded: encodeHeaderValueOption(name, value) }],
    });
    expect(auth.apply(input())).toBe(auth.apply(input({ authorization: 'Bearer client' })));
  });

  it('takes the first kind in the order of the reference when there are several', () => {
    const all = {
      anthropicAPIKey: key('d'),
      azure: { accessToken: secret('c') },
      azureAPIKey: key('b'),
      apiKey: key('a'),
    };
    const outcome = (config: AuthConfig) => compileBackendAuth(config).apply(input());
    expect(outcome(all)).toMatchObject({ sets: [{ name: 'authorization', value: 'Bearer a' }] });
    const { apiKey: _1, ...withoutApiKey } = all;
    expect(outcome(withoutApiKey)).toMatchObject({ sets: [{ name: 'api-key', value: 'b' }] });
    const { azureAPIKey: _2, ...withoutAzureKey } = withoutApiKey;
    expect(outcome(withoutAzureKey)).toMatchObject({ sets: [{ name: 'authorization', value: 'Bearer c' }] });
  });

  it.each<[string, AuthConfig, string]>([
    [
      'an empty key',
      { azureAPIKey: key('') },
      'auth.azureAPIKey.key cannot be used: it is empty; correct the Secret that it comes from',
    ],
    [
      'a blank key',
      { apiKey: key(' \n') },
      'auth.apiKey.key cannot be used: it is empty; correct the Secret that it comes from',
    ],
    [
      'a key of two lines',
      { anthropicAPIKey: key('s3cret\nother') },
      'auth.anthropicAPIKey.key cannot be used: it holds a line break or another control character; correct the Secret that it comes from',
    ],
    [
      'an empty token',
      { azure: { accessToken: secret('') } },
      'auth.azure.accessToken cannot be used: it is empty; correct the Secret that it comes from',
    ],
    [
      'an empty key as fallback',
      { apiKey: key(''), credentialOverride: fromHeader(true) },
      'auth.apiKey.key cannot be used: it is empty; correct the Secret that it comes from',
    ],
    [
      'no kind',
      {},
      'auth names no kind of credential; expected one of apiKey, azureAPIKey, anthropicAPIKey, azure, aws, gcp',
    ],
    [
      'an override without source',
      { apiKey: key('a'), credentialOverride: { dynamicMetadataNamespace: 'ns', fallbackToConfigured: false } },
      'auth.credentialOverride names no source; expected headerName, or dynamicMetadataNamespace with dynamicMetadataKey',
    ],
  ])('refuses %s', (_, config, message) => {
    expect(() => compileBackendAuth(config)).toThrow(expect.objectContaining({ name: 'UserFacingError', message }));
  });

  it('takes an empty key when each request must bring its own', () => {
    const auth = compileBackendAuth({ azureAPIKey: key(''), credentialOverride: fromHeader(false) });
    expect(auth.apply(input({ 'x-aigw-api-key': 'mine' }))).toEqual({
      kind: 'headers',
      sets: [{ name: 'api-key', value: 'mine' }],
    });
  });

  it('does not show the credential when it is printed', () => {
    expect(inspect(compileBackendAuth({ apiKey: key('s3cret') }), { depth: null })).not.toContain('s3cret');
  });
});

describe('a credential that the request brings', () => {
  const bearer = (value: string) => ({ kind: 'headers', sets: [{ name: 'authorization', value: `Bearer ${value}` }] });
  const configured = { kind: 'headers', sets: [expect.objectContaining({ value: 'Bearer configured' })] };
  const missing = { kind: 'missing-credential' };
  const brings = (value: unknown) => input({}, { 'team.auth': { 'provider-key': value } });

  it.each([
    ['in the header', fromHeader(false), input({ 'x-aigw-api-key': ' mine ' }), bearer('mine')],
    ['in the header, with fallback', fromHeader(true), input({ 'x-aigw-api-key': 'mine' }), bearer('mine')],
    ['not at all', fromHeader(false), input(), missing],
    ['not at all, with fallback', fromHeader(true), input(), configured],
    ['as a blank header', fromHeader(false), input({ 'x-aigw-api-key': '  ' }), missing],
    ['as a blank header, with fallback', fromHeader(true), input({ 'x-aigw-api-key': '' }), configured],
    ['in the metadata', fromMetadata(false), brings(' mine\n'), bearer('mine')],
    ['in another namespace', fromMetadata(false), input({}, { other: { 'provider-key': 'mine' } }), missing],
    ['under another key', fromMetadata(false), input({}, { 'team.auth': { other: 'mine' } }), missing],
    ['as a number', fromMetadata(false), brings(5), missing],
    ['as a struct, with fallback', fromMetadata(true), brings({ key: 'mine' }), configured],
    ['as blank metadata', fromMetadata(false), brings(' '), missing],
    ['with a line break', fromMetadata(false), brings('mine\r\nx-evil: 1'), missing],
    ['without metadata context, with fallback', fromMetadata(true), input(), configured],
  ])('is used or replaced as configured when it comes %s', (_, credentialOverride, request, expected) => {
    const auth = compileBackendAuth({ apiKey: key('configured'), credentialOverride });
    expect(auth.apply(request)).toEqual(expected);
  });
});
