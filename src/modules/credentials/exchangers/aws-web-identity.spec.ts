import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf, told, TokenWorld } from '../../../../test/harness/token-servers/token-world.js';
import { parseCredentialsFile } from '../../../shared/aws-credentials-file.js';
import { sessionName } from './aws-web-identity.js';
import { Redacted } from '../../../shared/secret.js';

describe('assumeRoleWithWebIdentity', () => {
  let world: TokenWorld;
  beforeEach(async () => {
    world = await new TokenWorld().start();
  });
  afterEach(() => world.close());

  it('posts the Query API form with the access token of the OpenID provider', async () => {
    await world.run(world.requests()['aws-web-identity']);
    const [request] = world.sts.requests;
    expect(request).toMatchObject({ method: 'POST', url: { pathname: '/' } });
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded; charset=utf-8');
    expect(request?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::123456789012:role/gateway',
      RoleSessionName: 'ai-gateway-bedrock',
      WebIdentityToken: world.oidc.issued[0],
    });
  });

  it('gives a shared credentials file and the expiry', async () => {
    const { data, expiresAt } = await world.run(world.requests()['aws-web-identity']);
    const [session, secret, id] = world.sts.issued;
    expect(Object.keys(data)).toEqual(['credentials']);
    const text = data['credentials']?.reveal() ?? '';
    expect(text).toBe(
      `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\naws_session_token = ${session}\nregion = us-west-2\n`,
    );
    expect(parseCredentialsFile(text).get('default')?.get('aws_session_token')).toBe(session);
    expect(expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
  });

  it('leaves the session token out when STS gives none', async () => {
    world.sts.fault = { kind: 'body', body: answerWith({ SessionToken: '' }) };
    const { data } = await world.run(world.requests()['aws-web-identity']);
    expect(data['credentials']?.reveal()).toBe(
      '[default]\naws_access_key_id = ASIA\naws_secret_access_key = key\nregion = us-west-2\n',
    );
  });

  it.each([600_000, -600_000])('gives an expiry of our clock when that of STS is %i ms ahead', async (skewMs) => {
    world.sts.clockSkewMs = skewMs;
    // The OIDC token is of the provider's time too.
    world.oidc.clockSkewMs = skewMs;
    const { expiresAt } = await world.run(world.requests()['aws-web-identity']);
    expect(expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
  });

  it.each([
    ['has no expiry', answerWith({ Expiration: '' }), 'missing_expiry'],
    ['has an expiry in the past', answerWith({ Expiration: '2026-11-21T09:59:00Z' }), 'already_expired'],
    ['has no key', answerWith({ SecretAccessKey: '' }), 'malformed_answer'],
    [
      'would add a line to the file',
      answerWith({ SecretAccessKey: 'key\ncredential_process = /bin/sh' }),
      'malformed_answer',
    ],
    ['has a session token with a line break', answerWith({ SessionToken: 'a&#10;b' }), 'malformed_answer'],
    [
      'is of another action',
      answerWith({}).replaceAll('AssumeRoleWithWebIdentityResponse', 'Other'),
      'malformed_answer',
    ],
    ['is JSON', '{"AssumeRoleWithWebIdentityResponse":{}}', 'malformed_answer'],
  ])('refuses an answer that %s', async (_what, body, code) => {
    world.sts.fault = { kind: 'body', body };
    const error = await failureOf(world.run(world.requests()['aws-web-identity']));
    expect({ code: error.code, step: error.step }).toEqual({ code, step: 'aws-sts' });
    expect(told(error, ['key', 'credential_process'])).toEqual([]);
  });

  it('says what STS says when the token is not one that it trusts', async () => {
    const oidc = world.oidcRequest();
    world.oidc.fault = { kind: 'body', body: '{"access_token": "PLANTED-opaque"}' };
    world.oidc.faultPath = /token$/;
    const error = await failureOf(world.run({ ...world.requests(oidc)['aws-web-identity'] }));
    expect(error.message).toBe(
      `cannot get an answer from AWS STS (${new URL(world.sts.origin).host}): 400 InvalidIdentityToken`,
    );
    expect(error.hint).toContain('IAM identity provider');
    expect(told(error, world.secrets())).toEqual([]);
  });

  it('tells that the clocks differ when STS refuses and they do', async () => {
    world.sts.clockSkewMs = 600_000;
    world.sts.fault = { kind: 'status', status: 400 };
    const error = await failureOf(world.run(world.requests()['aws-web-identity']));
    expect(error.hint).toMatch(/The clock of this machine is about 10 min behind the provider's: correct it\.$/);
  });

  it.each(['', 'us east', 'us-east-1.evil.example/?', 'US'])('refuses %j as a region', async (region) => {
    const error = await failureOf(world.run({ ...world.requests()['aws-web-identity'], region }));
    expect({ code: error.code, sent: world.sts.requests.length }).toEqual({ code: 'misconfigured', sent: 0 });
  });

  it.each([
    ['us-east-1', 'sts.us-east-1.amazonaws.com'],
    ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
    ['us-isob-east-1', 'sts.us-isob-east-1.sc2s.sgov.gov'],
  ])('calls the endpoint of %s when none is configured', async (region, host) => {
    // A proxy that nobody listens at: the name need not resolve, and nothing leaves the machine.
    const environment = { AWS_ENDPOINT_URL_STS: undefined, AI_GATEWAY_STS_PROXY_URL: 'http://127.0.0.1:9' };
    const error = await failureOf(world.run({ ...world.requests()['aws-web-identity'], region }, { environment }));
    expect(error.message).toBe(`cannot reach AWS STS (${host}): the connection was refused`);
  });

  it('cannot be called with an endpoint that is no URL', async () => {
    const environment = { AWS_ENDPOINT_URL_STS: 'sts' };
    const error = await failureOf(world.run(world.requests()['aws-web-identity'], { environment }));
    expect(error.message).toBe('cannot call AWS STS: AWS_ENDPOINT_URL_STS of the controller is no URL');
  });

  it('prints no secret of its result', async () => {
    const { data } = await world.run(world.requests()['aws-web-identity']);
    expect(data['credentials']).toBeInstanceOf(Redacted);
    expect(JSON.stringify(data)).toBe('{"credentials":"[REDACTED]"}');
  });
});

describe('sessionName', () => {
  it.each([
    ['bedrock', 'ai-gateway-bedrock'],
    ['p'.repeat(53), `ai-gateway-${'p'.repeat(53)}`],
  ])('is ai-gateway-%s when that has 64 characters at most', (policy, name) => {
    expect(sessionName(policy)).toBe(name);
  });

  it('is cut to 64 characters and keeps two long names apart', () => {
    const [one, other] = [sessionName(`${'p'.repeat(80)}1`), sessionName(`${'p'.repeat(80)}2`)];
    expect(one).toMatch(/^ai-gateway-p{40}-[0-9a-f]{12}$/);
    expect(one).toHaveLength(64);
    expect(other).not.toBe(one);
  });
});

function answerWith(members: Readonly<Record<string, string>>): string {
  const credentials = {
    SessionToken: 't',
    SecretAccessKey: 'key',
    Expiration: '2026-11-21T11:00:00Z',
    AccessKeyId: 'ASIA',
    ...members,
  };
  const inner = Object.entries(credentials).map(([name, value]) => (value ? `<${name}>${value}</${name}>` : ''));
  const result = `<AssumeRoleWithWebIdentityResult><Credentials>${inner.join('')}</Credentials></AssumeRoleWithWebIdentityResult>`;
  return `<AssumeRoleWithWebIdentityResponse>${result}</AssumeRoleWithWebIdentityResponse>`;
}
