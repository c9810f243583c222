import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { CredentialOverrideConfig } from '../../../shared/filter-config/filter-config.js';
import { Redacted } from '../../../shared/secret.js';
import { encodeHeaderValueOption } from '../wire/header-value-option.js';
import type { AuthInput } from './backend-auth.js';
import { compileBackendAuth } from './compile-backend-auth.js';
import { CredentialSources } from './credential-sources.js';

const SOURCES = new CredentialSources({ clock: { unixMs: () => 0, monotonicMs: () => 0 } });

function compile(
  accessToken: string,
  more: { override?: CredentialOverrideConfig; project?: string; region?: string } = {},
) {
  const { override, project = 'my-project', region = 'us-central1' } = more;
  const gcp = { accessToken: new Redacted(accessToken), region, projectName: project };
  return compileBackendAuth({ gcp, ...(override && { credentialOverride: override }) }, SOURCES);
}

const input = (headers: Record<string, string>, metadata?: unknown): AuthInput => ({
  headers: new Map(Object.entries(headers)),
  metadata: () => metadata,
  body: () => new Uint8Array(),
});
const MODEL = 'publishers/google/models/gemini-2.5-pro:generateContent';
const PREFIX = '/v1/projects/my-project/locations/us-central1/';
const sent = (token: string, path = PREFIX + MODEL) => ({
  kind: 'headers',
  sets: [
    { name: ':path', value: path },
    { name: 'authorization', value: `Bearer ${token}` },
  ],
});

describe('a token of Google Cloud', () => {
  it('goes into a header that is encoded beforehand, and the path below project and region', () => {
    const value = 'Bearer ya29.t';
    const encoded = encodeHeaderValueOption('authorization', value);
    expect(compile(' ya29.t\n').apply(input({ ':path': MODEL }))).toEqual({
      kind: 'headers',
      sets: [
        { name: ':path', value: PREFIX + MODEL },
        { name: 'authorization', value, encoded },
      ],
    });
  });

  it('keeps a slash that the path begins with', () => {
    expect(compile('t').apply(input({ ':path': '/v1/chat/completions' }))).toMatchObject({
      sets: [{ value: `${PREFIX}/v1/chat/completions` }, {}],
    });
  });

  it('takes a project of a domain', () => {
    const auth = compile('t', { project: 'example.com:my-project', region: 'global' });
    expect(auth.apply(input({ ':path': MODEL }))).toMatchObject({
      sets: [{ value: `/v1/projects/example.com:my-project/locations/global/${MODEL}` }, {}],
    });
  });

  it('is of no use without a path', () => {
    expect(compile('t').apply(input({}))).toEqual({
      kind: 'unavailable',
      message: 'a request without :path cannot go to Google Cloud',
    });
  });

  it.each([
    [
      'a project with a slash',
      { project: 'a/../b' },
      'auth.gcp.projectName: found "a/../b"; expected a name such as "my-project"',
    ],
    ['an empty project', { project: '' }, 'auth.gcp.projectName: found ""; expected a name such as "my-project"'],
    [
      'a region of two words',
      { region: 'us central' },
      'auth.gcp.region: found "us central"; expected a name such as "us-central1"',
    ],
    ['a region of dots', { region: '..' }, 'auth.gcp.region: found ".."; expected a name such as "us-central1"'],
  ])('is refused at load with %s', (_, more, message) => {
    expect(() => compile('t', more)).toThrow(expect.objectContaining({ name: 'UserFacingError', message }));
  });

  it('is refused at load when no header can hold it', () => {
    expect(() => compile('s3cret\nx')).toThrow(
      'auth.gcp.accessToken cannot be used: it holds a line break or another control character; correct the Secret that it comes from',
    );
  });

  it('does not show when the authentication is printed', () => {
    expect(inspect(compile('s3cret'), { depth: null, showHidden: true })).not.toContain('s3cret');
  });
});

describe('a token of Google Cloud that the request brings', () => {
  const header = (fallbackToConfigured: boolean) => ({ headerName: 'x-aigw-gcp-access-token', fallbackToConfigured });
  const metadata = { dynamicMetadataNamespace: 'n', dynamicMetadataKey: 'k', fallbackToConfigured: true };
  const own = { 'x-aigw-gcp-access-token': ' mine ' };
  const configured = { sets: [{ value: PREFIX + MODEL }, { value: 'Bearer t' }] };

  it.each<[string, CredentialOverrideConfig, AuthInput, object]>([
    ['in the header', header(false), input({ ':path': MODEL, ...own }), sent('mine')],
    ['in the metadata', metadata, input({ ':path': MODEL }, 'meta'), sent('meta')],
    ['as blank', header(true), input({ ':path': MODEL, 'x-aigw-gcp-access-token': ' ' }), configured],
    ['not at all', header(false), input({ ':path': MODEL }), { kind: 'missing-credential' }],
    ['in the header, without path', header(false), input(own), { kind: 'unavailable' }],
  ])('is used or replaced as configured when it comes %s', (_, override, request, expected) => {
    expect(compile('t', { override }).apply(request)).toMatchObject(expected);
  });

  it('needs no configured one', () => {
    expect(compile('', { override: header(false) }).apply(input({ ':path': MODEL, ...own }))).toEqual(sent('mine'));
  });
});
