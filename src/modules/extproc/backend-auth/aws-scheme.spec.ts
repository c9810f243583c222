import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { withEnvironment } from '../../../../test/harness/with-environment.js';
import type { CredentialOverrideConfig } from '../../../shared/filter-config/filter-config.js';
import { Redacted } from '../../../shared/secret.js';
import { AWSSigner } from './aws-signature.js';
import type { AuthInput } from './backend-auth.js';
import { compileBackendAuth } from './compile-backend-auth.js';
import { CredentialSources } from './credential-sources.js';

const NOW_MS = Date.UTC(2026, 7, 21);
const HOST = 'bedrock-runtime.eu-west-1.amazonaws.com';
const BODY = Buffer.from('{"messages":[]}');
const FILE = '[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s3cret/file\n';

const sources = (awsProfile?: string) =>
  new CredentialSources({ awsProfile, clock: { unixMs: () => NOW_MS, monotonicMs: () => 0 } });

function compile(
  literal: string,
  more: { override?: CredentialOverrideConfig; profile?: string; region?: string } = {},
) {
  const { override, profile, region = 'us-east-1' } = more;
  const aws = { credentialFileLiteral: new Redacted(literal), region };
  return compileBackendAuth({ aws, ...(override && { credentialOverride: override }) }, sources(profile));
}

function input(more: Record<string, string | undefined> = {}, metadata: Record<string, unknown> = {}): AuthInput {
  const headers = { ':method': 'POST', ':path': '/model/m/converse', 'x-ai-eg-upstream-host': HOST, ...more };
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    headers: new Map(given),
    metadata: (namespace, key) => (namespace === 'team' ? metadata[key] : undefined),
    body: () => BODY,
  };
}

function signed(
  accessKeyId: string,
  secret: string,
  more: { token?: string; host?: string; region?: string; service?: string; body?: Uint8Array } = {},
) {
  const { token, host = HOST, region = 'eu-west-1', service = 'bedrock', body = BODY } = more;
  const credentials = {
    accessKeyId,
    secretAccessKey: new Redacted(secret),
    ...(token && { sessionToken: new Redacted(token) }),
  };
  const request = { method: 'POST', host, path: '/model/m/converse', body };
  return { kind: 'headers', sets: new AWSSigner().sign(request, credentials, { service, region }, NOW_MS) };
}

describe('AWS credentials of a file', () => {
  it('sign the body that goes upstream, for the host and region of the chosen endpoint (X14)', () => {
    expect(compile(FILE).apply(input())).toEqual(signed('AKIDFILE', 's3cret/file'));
  });

  it.each([
    ['the default host of the region without an upstream host', undefined, 'bedrock-runtime.us-east-1.amazonaws.com'],
    ['the default host of the region with an empty upstream host', '', 'bedrock-runtime.us-east-1.amazonaws.com'],
    ['the configured region for a host of its own', 'bedrock.internal', 'bedrock.internal'],
  ])('sign %s, never :authority', (_, upstreamHost, host) => {
    const asked = input({ 'x-ai-eg-upstream-host': upstreamHost, ':authority': 'gateway.test', host: 'gateway.test' });
    expect(compile(FILE).apply(asked)).toEqual(signed('AKIDFILE', 's3cret/file', { host, region: 'us-east-1' }));
  });

  it('sign for the service of Mantle', () => {
    const host = 'bedrock-mantle.us-west-2.api.aws';
    const scope = { host, region: 'us-west-2', service: 'bedrock-mantle' };
    expect(compile(FILE).apply(input({ 'x-ai-eg-upstream-host': host }))).toEqual(
      signed('AKIDFILE', 's3cret/file', scope),
    );
  });

  it('win over the environment of the process', async () => {
    const environment = {
      AWS_ACCESS_KEY_ID: 'AKIDENV',
      AWS_SECRET_ACCESS_KEY: 'env',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/no/such/file',
    };
    const outcome = await withEnvironment(environment, () => compile(FILE).apply(input()));
    expect(outcome).toEqual(signed('AKIDFILE', 's3cret/file'));
  });

  it.each([
    ['the profile of AWS_PROFILE', 'prod', 'AKIDPROD'],
    ['the default one without AWS_PROFILE', undefined, 'AKIDFILE'],
    ['the default one when the file has no profile of that name', 'other', 'AKIDFILE'],
  ])('are those of %s', (_, profile, id) => {
    const file = `${FILE}[prod]\naws_access_key_id=AKIDPROD\naws_secret_access_key=p`;
    const auth = compile(file, profile === undefined ? {} : { profile });
    expect(auth.apply(input())).toMatchObject({
      sets: [{ value: expect.stringContaining(`Credential=${id}/`) }, { name: 'x-amz-date' }],
    });
  });

  it('hold a session token', () => {
    const outcome = compile(`${FILE}aws_session_token = t0ken==`).apply(input());
    expect(outcome).toEqual(signed('AKIDFILE', 's3cret/file', { token: 't0ken==' }));
  });

  const repair = 'correct the Secret that it comes from';
  it.each([
    ['an empty file', '', ` has no profile "default"; ${repair}`],
    ['another profile only', '[prod]\nregion=x', ` has no profile "default"; ${repair}`],
    [
      'no secret',
      '[default]\naws_access_key_id=SECRET-VALUE',
      `: profile "default" has no usable aws_secret_access_key; ${repair}`,
    ],
    ['an empty id', '[default]\naws_access_key_id=', `: profile "default" has no usable aws_access_key_id; ${repair}`],
    [
      'a role to be assumed',
      '[default]\nrole_arn = SECRET-VALUE',
      `: profile "default" has no usable aws_access_key_id, and role_arn is not followed; ${repair}`,
    ],
    [
      'a line that is no setting',
      '[default]\nSECRET-VALUE',
      `, line 2: expected "name = value", a [profile] or a comment; ${repair}`,
    ],
  ])('are refused at load with %s', (_, file, message) => {
    expect(() => compile(file)).toThrow(
      expect.objectContaining({ name: 'UserFacingError', message: `auth.aws.credentialFileLiteral${message}` }),
    );
  });

  it.each(['', 'US East', 'us-east-1 '])('are refused at load with the region %j', (region) => {
    const message = `auth.aws.region: found ${JSON.stringify(region)}; expected a region in small letters, e.g. "us-east-1"`;
    expect(() => compile(FILE, { region })).toThrow(expect.objectContaining({ name: 'UserFacingError', message }));
  });

  it.each([':method', ':path'])('cannot sign a request without %s', (name) => {
    expect(compile(FILE).apply(input({ [name]: undefined }))).toEqual({
      kind: 'unavailable',
      message: 'a request without :method or :path cannot be signed for AWS',
    });
  });

  it('do not show when the authentication is printed', () => {
    const auth = compile(`${FILE}aws_session_token = t0ken`);
    void auth.apply(input());
    expect(inspect(auth, { depth: null, showHidden: true })).not.toMatch(/s3cret|t0ken/);
  });

  it('sign a thousand requests at once as each would be signed alone', async () => {
    const auth = compile(FILE);
    const hosts = Array.from({ length: 1000 }, (_, i) => `bedrock-runtime.region-${i % 40}.amazonaws.com`);
    const outcomes = await Promise.all(hosts.map(async (host) => auth.apply(input({ 'x-ai-eg-upstream-host': host }))));
    expect(outcomes).toEqual(
      hosts.map((host, i) => signed('AKIDFILE', 's3cret/file', { host, region: `region-${i % 40}` })),
    );
  });
});

describe('AWS credentials that the request brings', () => {
  const fromHeaders: CredentialOverrideConfig = { headerName: 'X-AIGW-AWS-', fallbackToConfigured: true };
  const fromMetadata: CredentialOverrideConfig = {
    dynamicMetadataNamespace: 'team',
    dynamicMetadataKey: 'aws',
    fallbackToConfigured: true,
  };
  const triple = (id?: string, secret?: string, token?: string) => ({
    'x-aigw-aws-access-key-id': id,
    'x-aigw-aws-secret-access-key': secret,
    'x-aigw-aws-session-token': token,
  });
  const configured = signed('AKIDFILE', 's3cret/file');
  const incomplete = (place: string, missing: string, names: readonly string[]) => ({
    kind: 'incomplete-credential',
    message: `incomplete AWS credential in the ${place}: ${missing} missing or unusable; send ${names[0]} and ${names[1]}, or neither of them and no ${names[2]}`,
  });
  const HEADERS = Object.keys(triple());
  const MEMBERS = ['accessKeyId', 'secretAccessKey', 'sessionToken'];

  it.each<[string, CredentialOverrideConfig, AuthInput, unknown]>([
    ['in headers', fromHeaders, input(triple(' AKIDMINE ', 'mine\t')), signed('AKIDMINE', 'mine')],
    ['with token', fromHeaders, input(triple('AKIDMINE', 'mine', 't')), signed('AKIDMINE', 'mine', { token: 't' })],
    ['not at all', fromHeaders, input(), configured],
    ['as blanks', fromHeaders, input(triple(' ', '', ' ')), configured],
    [
      'without secret',
      fromHeaders,
      input(triple('AKIDMINE')),
      incomplete('headers', 'x-aigw-aws-secret-access-key', HEADERS),
    ],
    ['without id', fromHeaders, input(triple('', 'mine')), incomplete('headers', 'x-aigw-aws-access-key-id', HEADERS)],
    [
      'as a lone session token',
      fromHeaders,
      input(triple('', '', 't')),
      incomplete('headers', 'x-aigw-aws-access-key-id and x-aigw-aws-secret-access-key', HEADERS),
    ],
    [
      'in the metadata',
      fromMetadata,
      input({}, { aws: { accessKeyId: 'AKIDMETA', secretAccessKey: 'm', sessionToken: 't' } }),
      signed('AKIDMETA', 'm', { token: 't' }),
    ],
    [
      'in the metadata without secret',
      fromMetadata,
      input({}, { aws: { accessKeyId: 'AKIDMETA' } }),
      incomplete('dynamic metadata', 'secretAccessKey', MEMBERS),
    ],
    [
      'in the metadata with a line break',
      fromMetadata,
      input({}, { aws: { accessKeyId: 'A\nB', secretAccessKey: 'm' } }),
      incomplete('dynamic metadata', 'accessKeyId', MEMBERS),
    ],
    ['as text', fromMetadata, input({}, { aws: 'AKIDMETA' }), configured],
    ['as a list', fromMetadata, input({}, { aws: ['AKIDMETA', 'm'] }), configured],
    ['as null', fromMetadata, input({}, { aws: null }), configured],
    ['as an empty struct', fromMetadata, input({}, { aws: {} }), configured],
    ['under another key', fromMetadata, input({}, { other: { accessKeyId: 'A', secretAccessKey: 'm' } }), configured],
    ['in headers that are not asked for', fromMetadata, input(triple('AKIDMINE', 'mine')), configured],
  ])('are used, replaced or refused as the rules say when they come %s', (_, override, request, expected) => {
    expect(compile(FILE, { override }).apply(request)).toEqual(expected);
  });

  it('are asked for with 401 when there is no fallback, and no file is needed', () => {
    const override = { ...fromHeaders, fallbackToConfigured: false };
    const auth = compile('', { override });
    expect(auth.apply(input())).toEqual({ kind: 'missing-credential' });
    expect(auth.apply(input(triple('AKIDMINE', 'mine')))).toEqual(signed('AKIDMINE', 'mine'));
  });

  it('are input headers, by prefix and as the controller lists them', () => {
    expect(compile(FILE, { override: fromHeaders }).inputHeaders).toEqual(HEADERS);
    const listed = { ...fromHeaders, inputHeadersToRemove: [...HEADERS, 'X-More'] };
    expect(compile(FILE, { override: listed }).inputHeaders).toEqual([...HEADERS, 'x-more']);
    expect(compile(FILE, { override: fromMetadata }).inputHeaders).toEqual([]);
    expect(compile(FILE).inputHeaders).toEqual([]);
  });
});
