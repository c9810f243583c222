import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import { failureOf, TokenWorld } from '../../../../test/harness/token-servers/token-world.js';

describe('Azure exchanges', () => {
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

  const SCOPE = 'https://cognitiveservices.azure.com/.default';

  describe('azure-client-secret', () => {
    it('posts client credentials to the v2.0 endpoint of the tenant', async () => {
      const { data, expiresAt } = await world.run(world.requests()['azure-client-secret']);
      const [request] = world.entra.requests;
      expect(request).toMatchObject({ method: 'POST', url: { pathname: '/contoso.example/oauth2/v2.0/token' } });
      expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
      expect(Object.fromEntries(request?.form ?? [])).toEqual({
        grant_type: 'client_credentials',
        client_id: 'app-1',
        client_secret: world.entra.application.clientSecret,
        scope: SCOPE,
      });
      expect(Object.entries(data).map(([key, value]) => [key, value.reveal()])).toEqual([
        ['azureAccessToken', world.entra.issued[0]],
      ]);
      expect(expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
    });

    it.each([
      [{ clientSecret: { reveal: () => 'wrong' } }, 'AADSTS7000215', 'secret value, not the secret ID'],
      [{ clientId: 'other' }, 'AADSTS700016', 'clientID'],
      [{ tenantId: 'other' }, 'AADSTS90002', 'tenantID'],
    ])('says what to change when Entra refuses %j', async (change, code, hint) => {
      const error = await failureOf(world.run({ ...world.requests()['azure-client-secret'], ...(change as object) }));
      expect(error.code).toBe(code);
      expect(error.hint).toContain(hint);
    });

    it.each(['', '..', 'a/b', 'a?b', 'a b'])('refuses %j as a tenant and sends nothing', async (tenantId) => {
      const error = await failureOf(world.run({ ...world.requests()['azure-client-secret'], tenantId }));
      expect({ code: error.code, sent: world.entra.requests.length }).toEqual({ code: 'misconfigured', sent: 0 });
    });

    it('refuses an authority that is no URL', async () => {
      const environment = { AZURE_AUTHORITY_HOST: 'login' };
      const error = await failureOf(world.run(world.requests()['azure-client-secret'], { environment }));
      expect(error.message).toBe('cannot get a token of Azure: AZURE_AUTHORITY_HOST of the controller is no URL');
    });

    it.each([
      [{ access_token: 'a\r\nx-header: b', expires_in: 60 }, 'malformed_answer'],
      [{ access_token: 'a' }, 'missing_expiry'],
      [{ access_token: 'a', expires_in: -1 }, 'already_expired'],
      [{ access_token: 'a', expires_in: 'soon' }, 'malformed_answer'],
    ])('refuses the answer %j', async (answer, code) => {
      world.entra.fault = { kind: 'body', body: JSON.stringify(answer) };
      expect((await failureOf(world.run(world.requests()['azure-client-secret']))).code).toBe(code);
    });
  });

  it('presents the token of the OpenID provider as a client assertion when the kind is azure-federated', async () => {
    const { data } = await world.run(world.requests()['azure-federated']);
    expect(Object.fromEntries(world.entra.requests[0]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'app-1',
      scope: SCOPE,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: world.oidc.issued[0],
    });
    expect(data['azureAccessToken']?.reveal()).toBe(world.entra.issued[0]);
  });

  describe('azure-ambient', () => {
    const tokenFile = (content: string) => {
      writeFileSync(directory.file('token'), content);
      return {
        AZURE_FEDERATED_TOKEN_FILE: directory.file('token'),
        AZURE_CLIENT_ID: 'of-pod',
        AZURE_TENANT_ID: 'of-pod',
      };
    };
    const podToken = async () => {
      await world.run(world.requests()['azure-federated']);
      world.entra.requests.length = 0;
      return world.oidc.issued[0] ?? '';
    };

    it('presents the token of the pod when workload identity gives its file; the policy says which application', async () => {
      const token = await podToken();
      const environment = tokenFile(`${token}\n`);
      const { data } = await world.run(world.requests()['azure-ambient'], { environment });
      const [request] = world.entra.requests;
      expect(request?.url.pathname).toBe('/contoso.example/oauth2/v2.0/token');
      expect(request?.form.get('client_id')).toBe('app-1');
      expect(request?.form.get('client_assertion')).toBe(token);
      expect(data['azureAccessToken']?.reveal()).toBe(world.entra.issued.at(-1));
    });

    it('reads the file again for each exchange', async () => {
      const token = await podToken();
      const environment = tokenFile('stale.token');
      expect((await failureOf(world.run(world.requests()['azure-ambient'], { environment }))).code).toBe(
        'AADSTS700211',
      );
      tokenFile(token);
      expect((await world.run(world.requests()['azure-ambient'], { environment })).data).toHaveProperty(
        'azureAccessToken',
      );
    });

    it.each([
      ['is empty', ''],
      ['holds several lines', 'a\nb'],
      ['is longer than 64 KiB', 'x'.repeat(65 * 1024)],
    ])('refuses a token file that %s', async (_what, content) => {
      const error = await failureOf(world.run(world.requests()['azure-ambient'], { environment: tokenFile(content) }));
      expect(error.message).toBe('cannot get a token of Azure: the file of AZURE_FEDERATED_TOKEN_FILE holds no token');
    });

    it('says so when the token file is not there', async () => {
      const environment = { AZURE_FEDERATED_TOKEN_FILE: directory.file('none') };
      const error = await failureOf(world.run(world.requests()['azure-ambient'], { environment }));
      expect(error.message).toBe('cannot get a token of Azure: the file of AZURE_FEDERATED_TOKEN_FILE cannot be read');
    });

    it('asks the metadata service of the machine otherwise, never through a proxy', async () => {
      const environment = { HTTP_PROXY: 'http://127.0.0.1:9', AI_GATEWAY_AZURE_PROXY_URL: 'http://127.0.0.1:9' };
      const { data, expiresAt } = await world.run(world.requests()['azure-ambient'], { environment });
      const [request] = world.managed.requests;
      expect(request?.method).toBe('GET');
      expect(request?.headers['metadata']).toBe('true');
      expect(`${request?.url.pathname}${request?.url.search}`).toBe(
        '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=app-1',
      );
      expect(data['azureAccessToken']?.reveal()).toBe(world.managed.issued[0]);
      expect(expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
    });

    it('names no client when the policy has none', async () => {
      await world.run({ ...world.requests()['azure-ambient'], clientId: '' });
      expect(world.managed.requests[0]?.url.searchParams.has('client_id')).toBe(false);
    });

    it.each([600_000, -600_000])(
      'asks the endpoint of App Service when there is one, its clock %i ms ahead',
      async (skewMs) => {
        world.managed.clockSkewMs = skewMs;
        const environment = {
          IDENTITY_ENDPOINT: `${world.managed.origin}/msi/token`,
          IDENTITY_HEADER: world.managed.identityHeader,
        };
        const { expiresAt } = await world.run(world.requests()['azure-ambient'], { environment });
        const [request] = world.managed.requests;
        expect(request?.headers['x-identity-header']).toBe(world.managed.identityHeader);
        expect(request?.headers['metadata']).toBeUndefined();
        expect(request?.url.searchParams.get('api-version')).toBe('2019-08-01');
        expect(expiresAt.toISOString()).toBe('2026-11-21T11:00:00.000Z');
      },
    );

    it.each([{}, { IDENTITY_HEADER: 'h', IDENTITY_SERVER_THUMBPRINT: 't' }])(
      'refuses the endpoints of Azure Arc and Service Fabric (%j)',
      async (more) => {
        const environment = { IDENTITY_ENDPOINT: `${world.managed.origin}/msi/token`, ...more };
        const error = await failureOf(world.run(world.requests()['azure-ambient'], { environment }));
        expect({ code: error.code, sent: world.managed.requests.length }).toEqual({ code: 'misconfigured', sent: 0 });
      },
    );

    it('says what to assign when the machine has no such identity', async () => {
      const error = await failureOf(world.run({ ...world.requests()['azure-ambient'], clientId: 'other' }));
      expect({ code: error.code, hint: error.hint }).toEqual({
        code: 'invalid_request',
        hint: 'Assign the managed identity with this clientID to the machine that the controller runs on.',
      });
    });
  });
});
