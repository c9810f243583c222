import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import { verifyJwt } from '../../../../test/harness/token-servers/jwt.js';
import { failureOf, told, TokenWorld } from '../../../../test/harness/token-servers/token-world.js';
import { Redacted } from '../../../shared/secret.js';

describe('fetchServiceAccountToken', () => {
  let world: TokenWorld;
  let directory: TemporaryDirectory;
  beforeEach(async () => {
    world = await new TokenWorld().start();
    directory = new TemporaryDirectory();
  });
  afterEach(async () => {
    directory.remove();
    await world.close();
  });

  const withKey = (key: object | string) => ({
    ...world.requests()['gcp-service-account'],
    key: new Redacted(typeof key === 'string' ? key : JSON.stringify(key)),
  });
  const user = {
    type: 'authorized_user',
    client_id: 'c',
    client_secret: 'PLANTED-c',
    refresh_token: 'PLANTED-refresh',
  };
  const target =
    'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken';
  const external = () => {
    return {
      type: 'external_account',
      audience: world.google.identities.audience,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${world.google.origin}/v1/token`,
      credential_source: { file: directory.file('subject') },
    };
  };
  const subjectFile = async () => {
    await world.run(world.requests()['azure-federated']);
    writeFileSync(directory.file('subject'), world.oidc.issued[0] ?? '');
  };

  it('posts a JWT of the service account that the key signed', async () => {
    const { data, expiresAt } = await world.run(world.requests()['gcp-service-account']);
    const [request] = world.google.requests;
    expect(request).toMatchObject({ method: 'POST', url: { pathname: '/token' } });
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(request?.form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const { private_key: key, client_email: email } = world.serviceAccount();
    const issuedAt = world.now.getTime() / 1000 - 10;
    expect(verifyJwt(request?.form.get('assertion') ?? '', createPublicKey(key))).toEqual({
      header: { alg: 'RS256', typ: 'JWT', kid: 'account-1' },
      claims: {
        iss: email,
        scope: 'https://www.googleapis.com/auth/cloud-platform',
        aud: world.google.endpoints.oauthToken,
        iat: issuedAt,
        exp: issuedAt + 3600,
      },
    });
    expect(Object.entries(data).map(([name, value]) => [name, value.reveal()])).toEqual([
      ['gcpAccessToken', world.google.issued[0]],
    ]);
    expect(expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
  });

  it('tells that the clock is ahead when Google refuses the assertion for it', async () => {
    world.google.clockSkewMs = -600_000;
    const error = await failureOf(world.run(world.requests()['gcp-service-account']));
    expect(error.code).toBe('invalid_grant');
    expect(error.hint).toContain("about 10 min ahead of the provider's");
  });

  it('refreshes the token of an authorized user', async () => {
    const { data } = await world.run(withKey(user));
    expect(Object.fromEntries(world.google.requests[0]?.form ?? [])).toEqual({
      grant_type: 'refresh_token',
      client_id: 'c',
      client_secret: 'PLANTED-c',
      refresh_token: 'PLANTED-refresh',
    });
    expect(data['gcpAccessToken']?.reveal()).toBe(world.google.issued[0]);
  });

  it.each([
    ['authorized user', () => user],
    ['service account', () => world.serviceAccount()],
  ])('impersonates with the token of an %s', async (_what, source) => {
    const key = {
      type: 'impersonated_service_account',
      service_account_impersonation_url: target,
      delegates: ['projects/-/serviceAccounts/d'],
      source_credentials: source(),
    };
    const { data } = await world.run(withKey(key));
    const request = world.google.requests[1];
    expect(request?.url.pathname).toContain('/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken');
    expect(request?.headers.authorization).toBe(`Bearer ${world.google.issued[0]}`);
    expect(JSON.parse(request?.body ?? '')).toEqual({
      delegates: ['projects/-/serviceAccounts/d'],
      scope: ['https://www.googleapis.com/auth/cloud-platform'],
      lifetime: '3600s',
    });
    expect(data['gcpAccessToken']?.reveal()).toBe(world.google.issued[1]);
  });

  it('exchanges the subject token of an external account', async () => {
    await subjectFile();
    const { data, expiresAt } = await world.run(withKey(external()));
    expect(world.google.requests[0]?.form.get('subject_token')).toBe(world.oidc.issued[0]);
    expect(data['gcpAccessToken']?.reveal()).toBe(world.google.issued[0]);
    // The library counts from the clock of the machine.
    expect(Math.abs(expiresAt.getTime() - world.now.getTime() - 3_600_000)).toBeLessThan(10_000);
  });

  it('impersonates with the token of an external account', async () => {
    await subjectFile();
    world.now = new Date();
    world.oidc.lifetimeS = 86_400;
    const url = `${world.google.origin}/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken`;
    const { data } = await world.run(withKey({ ...external(), service_account_impersonation_url: url }));
    expect(data['gcpAccessToken']?.reveal()).toBe(world.google.issued[1]);
  });

  it.each([
    [400, 'invalid_grant', 'gcp-token', /v1\/token/],
    [500, 'http_500', 'gcp-token', /v1\/token/],
    [403, 'PERMISSION_DENIED', 'gcp-iam', /generateAccessToken/],
  ])('gives the code of Google once when it answers %i for an external account', async (status, code, step, path) => {
    await subjectFile();
    world.google.fault = { kind: 'status', status, retryAfter: '7' };
    world.google.faultPath = path;
    const url = `${world.google.origin}/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken`;
    const error = await failureOf(world.run(withKey({ ...external(), service_account_impersonation_url: url })));
    expect({ code: error.code, step: error.step, retryAfterMs: error.retryAfterMs }).toEqual({
      code,
      step,
      retryAfterMs: 7000,
    });
    expect(world.google.requests.filter((request) => path.test(request.url.pathname))).toHaveLength(1);
    expect(told(error, world.secrets())).toEqual([]);
  });

  it('keeps deadline and signal when the external account is silent', async () => {
    await subjectFile();
    world.google.fault = { kind: 'silent' };
    const error = await failureOf(world.run(withKey(external()), { callTimeoutMs: 100 }));
    expect(error.code).toBe('timeout');
  });

  it('says so when the subject token of an external account is not there', async () => {
    const error = await failureOf(world.run(withKey(external())));
    expect(error.message).toBe(
      'cannot get a token of Google: the external account in service_account.json cannot be used',
    );
    expect(told(error, [directory.path])).toEqual([]);
  });

  it.each([
    ['sends its subject token elsewhere', { token_url: 'https://sts.googleapis.com.evil.example/v1/token' }],
    ['sends its subject token in the clear', { token_url: 'http://sts.googleapis.com/v1/token' }],
    ['impersonates elsewhere', { service_account_impersonation_url: 'https://evil.example/x:generateAccessToken' }],
    ['has a token_url that is none', { token_url: 7 }],
    ['runs a program', { credential_source: { executable: { command: '/bin/PLANTED' } } }],
    ['takes a certificate', { credential_source: { certificate: { use_default_certificate_config: true } } }],
  ])('refuses an external account that %s', async (_what, change) => {
    await subjectFile();
    const error = await failureOf(world.run(withKey({ ...external(), ...change })));
    expect({ code: error.code, sent: world.google.requests.length }).toEqual({ code: 'misconfigured', sent: 0 });
    expect(told(error, ['evil', 'PLANTED'])).toEqual([]);
  });

  it.each([{ universe_domain: 'evil.example' }, { tokenUrl: 'https://evil.example/' }, {}])(
    'sends the subject token to Google when the file names no token_url but %j',
    async (members) => {
      await subjectFile();
      const environment = { HTTPS_PROXY: 'http://127.0.0.1:9', AI_GATEWAY_GCP_AUTH_PROXY_URL: world.google.origin };
      const key = { ...external(), token_url: undefined, ...members };
      const error = await failureOf(world.run(withKey(key), { environment }));
      expect(error.message).toBe('cannot reach Google (sts.googleapis.com): the connection was refused');
    },
  );

  it.each([
    ['no JSON', 'PLANTED {'],
    ['no object', '["PLANTED"]'],
    ['empty', ''],
    ['of an unknown type', { type: 'PLANTED' }],
    ['without a type', {}],
    ['a service account without a key', { type: 'service_account', client_email: 'PLANTED' }],
    ['a service account without an address', { type: 'service_account', private_key: 'PLANTED' }],
    [
      'a service account with a broken key',
      { type: 'service_account', client_email: 'a', private_key: '-----BEGIN PLANTED' },
    ],
    [
      'a service account with a token_uri that is none',
      { type: 'service_account', client_email: 'a', private_key: 'b', token_uri: 'PLANTED' },
    ],
    ['a user without a refresh token', { type: 'authorized_user', client_id: 'c', client_secret: 'PLANTED' }],
    [
      'an impersonation without a source',
      { type: 'impersonated_service_account', service_account_impersonation_url: target },
    ],
    [
      'an impersonation of an impersonation',
      {
        type: 'impersonated_service_account',
        service_account_impersonation_url: target,
        source_credentials: { type: 'impersonated_service_account' },
      },
    ],
  ])('refuses credentials that are %s', async (_what, key) => {
    const error = await failureOf(world.run(withKey(key)));
    expect({ code: error.code, step: error.step }).toEqual({ code: 'misconfigured', step: 'gcp-token' });
    expect(told(error, ['PLANTED'])).toEqual([]);
    expect(world.google.requests).toEqual([]);
  });

  it('refuses a key that is not RSA', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = {
      ...world.serviceAccount(),
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    const error = await failureOf(world.run(withKey(key)));
    expect(error.message).toBe(
      'cannot get a token of Google: private_key in service_account.json is no RSA key in PEM',
    );
  });

  it.each(['projectName', 'region'])('refuses an empty %s', async (name) => {
    const error = await failureOf(world.run({ ...world.requests()['gcp-service-account'], [name]: '' }));
    expect(error.message).toBe(`cannot get a token of Google: gcpCredentials.${name} is empty`);
  });
});
