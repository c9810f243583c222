import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf, TokenWorld } from '../../../../test/harness/token-servers/token-world.js';

describe('exchangeFederatedToken', () => {
  let world: TokenWorld;
  beforeEach(async () => {
    world = await new TokenWorld().start();
  });
  afterEach(() => world.close());

  const federated = (more: object = {}) => ({ ...world.requests()['gcp-federated'], ...more });
  const revealed = (data: Awaited<ReturnType<TokenWorld['run']>>['data']) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.reveal()]));

  it('posts the exchange to Google STS without an Authorization header', async () => {
    await world.run(federated());
    const [request] = world.google.requests;
    expect(request).toMatchObject({ method: 'POST', url: { pathname: '/v1/token' } });
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: '//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/provider',
      scope: 'https://www.googleapis.com/auth/iam',
      requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      subjectToken: world.oidc.issued[0],
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    });
  });

  it('impersonates the service account when one is named', async () => {
    const { data, expiresAt } = await world.run(federated());
    const [federatedToken, token] = world.google.issued;
    const request = world.google.requests[1];
    expect(request?.url.pathname).toBe(
      '/v1/projects/-/serviceAccounts/rotator@my-project.iam.gserviceaccount.com:generateAccessToken',
    );
    expect(request?.headers.authorization).toBe(`Bearer ${federatedToken}`);
    expect(JSON.parse(request?.body ?? '')).toEqual({
      scope: ['https://www.googleapis.com/auth/cloud-platform'],
      lifetime: '3600s',
    });
    expect(revealed(data)).toEqual({ gcpAccessToken: token, projectName: 'my-project', region: 'us-central1' });
    expect(expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
  });

  it('uses the federated token itself when none is named', async () => {
    world.google.lifetimeS = 1800;
    const { data, expiresAt } = await world.run(federated({ serviceAccountName: undefined }));
    expect(world.google.requests).toHaveLength(1);
    expect(revealed(data)).toEqual({
      gcpAccessToken: world.google.issued[0],
      projectName: 'my-project',
      region: 'us-central1',
    });
    expect(expiresAt.toISOString()).toBe('2026-11-21T10:30:00.000Z');
  });

  it('cannot leave the path of the service account, whatever its name', async () => {
    const error = await failureOf(world.run(federated({ serviceAccountName: '../../x?y#z' })));
    expect(world.google.requests[1]?.url.pathname).toContain('/serviceAccounts/..%2F..%2Fx%3Fy%23z@my-project');
    expect(error.code).toBe('NOT_FOUND');
  });

  it.each(['projectName', 'region', 'projectId', 'poolName', 'providerName'])(
    'refuses an empty %s before anything is called',
    async (name) => {
      const error = await failureOf(world.run(federated({ [name]: '' })));
      expect({ code: error.code, step: error.step }).toEqual({ code: 'misconfigured', step: 'gcp-sts' });
      expect(error.message).toMatch(/^cannot call Google STS: gcpCredentials\.\S+ is empty$/);
      expect(world.oidc.requests).toEqual([]);
    },
  );

  it.each([600_000, -600_000])('gives an expiry of our clock when that of Google is %i ms ahead', async (skewMs) => {
    world.google.clockSkewMs = skewMs;
    expect((await world.run(federated())).expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
  });

  it.each([
    [{ accessToken: 'a' }, 'missing_expiry'],
    [{ accessToken: 'a', expireTime: '2026-11-21T09:59:00Z' }, 'already_expired'],
    [{ accessToken: 'a b', expireTime: '2026-11-21T11:00:00Z' }, 'malformed_answer'],
    [{ access_token: 'a', expireTime: '2026-11-21T11:00:00Z' }, 'malformed_answer'],
  ])('refuses the answer %j of IAM Credentials', async (answer, code) => {
    world.google.fault = { kind: 'body', body: JSON.stringify(answer) };
    world.google.faultPath = /generateAccessToken/;
    const error = await failureOf(world.run(federated()));
    expect({ code: error.code, step: error.step }).toEqual({ code, step: 'gcp-iam' });
  });

  it('says what to check when there is no such provider', async () => {
    const error = await failureOf(world.run(federated({ poolName: 'other' })));
    expect({ code: error.code, step: error.step }).toEqual({ code: 'invalid_target', step: 'gcp-sts' });
    expect(error.hint).toBe('There is no such workload identity pool or provider: check projectID and both names.');
  });
});
