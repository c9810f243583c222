import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { fromWebToken } from '@aws-sdk/credential-providers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IdentityPoolClient, JWT } from 'google-auth-library';
import { verifyJwt } from './jwt.js';
import { TokenWorld } from './token-world.js';

/** Clients of others get from the servers what our exchangers get: they speak the true formats. */
describe('token servers', () => {
  let world: TokenWorld;
  beforeEach(async () => {
    world = await new TokenWorld().start();
    world.now = new Date();
  });
  afterEach(() => world.close());

  const oidcToken = async () => {
    const answer = await fetch(`${world.oidc.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: world.oidc.client.id,
        client_secret: world.oidc.client.secret,
      }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    return token;
  };

  const assumeRole = (webIdentityToken: string) =>
    fromWebToken({
      roleArn: 'arn:aws:iam::123456789012:role/gateway',
      roleSessionName: 'session',
      webIdentityToken,
      clientConfig: { region: 'us-east-1', endpoint: world.sts.origin, maxAttempts: 1 },
    })();

  it('give the SDK of AWS credentials', async () => {
    const credentials = await assumeRole(await oidcToken());
    const [sessionToken, secretAccessKey, accessKeyId] = world.sts.issued;
    expect(credentials).toMatchObject({ sessionToken, secretAccessKey, accessKeyId });
    expect(Math.abs((credentials.expiration?.getTime() ?? 0) - world.now.getTime() - 3_600_000)).toBeLessThan(2_000);
  });

  it('refuse the SDK of AWS in words that it knows', async () => {
    await expect(assumeRole('not.a.token')).rejects.toMatchObject({
      // Its name for the code InvalidIdentityToken.
      name: 'InvalidIdentityTokenException',
      message: 'PLANTED-message & more',
    });
  });

  it('give the library of Google a token for a service account', async () => {
    const { client_email: email, private_key: key } = world.serviceAccount();
    const client = new JWT({ email, key, scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
    // It knows one token endpoint only.
    client.transporter.interceptors.request.add({
      resolved: async (config) => Object.assign(config, { url: new URL(world.google.endpoints.oauthToken) }),
    });
    expect((await client.getAccessToken()).token).toBe(world.google.issued[0]);
  });

  it('give the library of Google a token for workload identity federation with impersonation', async () => {
    const subject = await oidcToken();
    const client = new IdentityPoolClient({
      type: 'external_account',
      audience: world.google.identities.audience ?? '',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${world.google.origin}/v1/token`,
      service_account_impersonation_url: `${world.google.origin}/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com:generateAccessToken`,
      subject_token_supplier: { getSubjectToken: async () => subject },
    });
    expect((await client.getAccessToken()).token).toBe(world.google.issued[1]);
  });

  it('publish the key that their JWTs are signed with', async () => {
    const token = await oidcToken();
    const metadata = (await (await fetch(`${world.oidc.issuer}/.well-known/openid-configuration`)).json()) as {
      jwks_uri: string;
    };
    const { keys } = (await (await fetch(metadata.jwks_uri)).json()) as { keys: JsonWebKey[] };
    const key = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' });
    expect(verifyJwt(token, key)?.claims).toMatchObject({ iss: world.oidc.issuer, sub: 'client/1' });
    expect(verifyJwt(`${token.slice(0, -4)}AAAA`, key)).toBeUndefined();
  });
});
