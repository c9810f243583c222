import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScriptedServer } from '../../../../test/harness/scripted-server.js';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import { withEnvironment } from '../../../../test/harness/with-environment.js';
import { issueFromDefaultChain } from './aws-default-chain.js';
import { compileBackendAuth } from './compile-backend-auth.js';
import { CredentialSources } from './credential-sources.js';

const SECRET = 'S3CRET/planted+key';
const TOKEN = 'S3CRET-session-token';
const END = '2126-08-21T12:00:00Z';

let directory: TemporaryDirectory;
let server: ScriptedServer;

beforeEach(async () => {
  directory = new TemporaryDirectory();
  server = await new ScriptedServer().start();
});
afterEach(async () => {
  await server.close();
  directory.remove();
});

/** Nothing of the machine that runs the test is found. */
const nowhere = () => ({
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith('AWS_'))
      .map((name) => [name, undefined]),
  ),
  HOME: directory.path,
  AWS_CONFIG_FILE: directory.file('config'),
  AWS_SHARED_CREDENTIALS_FILE: directory.file('credentials'),
  AWS_EC2_METADATA_DISABLED: 'true',
});

async function issued(environment: Readonly<Record<string, string>>) {
  const { value, expiresAtMs } = await withEnvironment({ ...nowhere(), ...environment }, () =>
    issueFromDefaultChain('eu-west-1'),
  );
  return [value.accessKeyId, value.secretAccessKey.reveal(), value.sessionToken?.reveal(), expiresAtMs];
}

const answerOf = (id: string) =>
  JSON.stringify({ Code: 'Success', AccessKeyId: id, SecretAccessKey: SECRET, Token: TOKEN, Expiration: END });
const file = (name: string, content: string): string => {
  writeFileSync(directory.file(name), content);
  return directory.file(name);
};
const stsAnswer = (id: string) => `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${SECRET}</SecretAccessKey><SessionToken>${TOKEN}</SessionToken>
<Expiration>${END}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

describe('issueFromDefaultChain', () => {
  it('takes the environment', async () => {
    const environment = { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: SECRET };
    expect(await issued(environment)).toEqual(['AKIDENV', SECRET, undefined, undefined]);
    expect(await issued({ ...environment, AWS_SESSION_TOKEN: TOKEN })).toEqual(['AKIDENV', SECRET, TOKEN, undefined]);
  });

  it('takes the profile of the shared files, and sees them change', async () => {
    const profile = (id: string) => `[dev]\naws_access_key_id=${id}\naws_secret_access_key=${SECRET}\n`;
    file('credentials', profile('AKIDONE'));
    expect(await issued({ AWS_PROFILE: 'dev' })).toEqual(['AKIDONE', SECRET, undefined, undefined]);
    file('credentials', profile('AKIDTWO'));
    expect(await issued({ AWS_PROFILE: 'dev' })).toEqual(['AKIDTWO', SECRET, undefined, undefined]);
  });

  it('takes the container endpoint with its token (ECS, EKS Pod Identity)', async () => {
    server.answer = ({ path }) => (path === '/v1/credentials' ? { body: answerOf('AKIDPOD') } : undefined);
    const environment = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.origin}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file('token', 'pod-token'),
    };
    expect(await issued(environment)).toEqual(['AKIDPOD', SECRET, TOKEN, Date.parse(END)]);
    expect(server.requests[0]?.headers.authorization).toBe('pod-token');
  });

  it('takes the role of the instance', async () => {
    server.answer = ({ method, path }) => {
      if (method === 'PUT' && path === '/latest/api/token') return { body: 'imds-token' };
      if (path.endsWith('/security-credentials/')) return { body: 'gateway-role' };
      return path.endsWith('/security-credentials/gateway-role') ? { body: answerOf('AKIDIMDS') } : undefined;
    };
    const environment = { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: server.origin };
    expect(await issued(environment)).toEqual(['AKIDIMDS', SECRET, TOKEN, Date.parse(END)]);
    expect(server.requests.at(-1)?.headers['x-aws-ec2-metadata-token']).toBe('imds-token');
  });

  it('exchanges a web identity at the STS (IRSA)', async () => {
    server.answer = () => ({ body: stsAnswer('AKIDIRSA'), headers: { 'content-type': 'text/xml' } });
    const environment = {
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/gateway',
      AWS_WEB_IDENTITY_TOKEN_FILE: file('jwt', 'web-identity'),
      AWS_ENDPOINT_URL_STS: server.origin,
    };
    expect(await issued(environment)).toEqual(['AKIDIRSA', SECRET, TOKEN, Date.parse(END)]);
    expect(server.requests[0]?.body).toContain('WebIdentityToken=web-identity');
  });
});

describe('AWS credentials of the default chain', () => {
  const input = {
    headers: new Map([
      [':method', 'POST'],
      [':path', '/model/m/converse'],
    ]),
    metadata: () => undefined,
    body: () => new Uint8Array(),
  };
  const REPAIR =
    'give the External Processor credentials in its environment, in the shared files of AWS, or by a role, or set awsCredentials.credentialsFile';

  function world() {
    const clock = { unixMs: Date.now(), monotonicMs: 0 };
    const failures: string[] = [];
    const sources = new CredentialSources({
      clock: { unixMs: () => clock.unixMs, monotonicMs: () => clock.monotonicMs },
      onFailure: (message) => failures.push(message),
    });
    const auth = () => compileBackendAuth({ aws: { region: 'eu-west-1' } }, sources);
    return { clock, failures, auth };
  }

  const container = () => ({ ...nowhere(), AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.origin}/` });

  it('are fetched once for many requests, backends and configurations, then are at hand', async () => {
    server.answer = () => ({ body: answerOf('AKIDPOD') });
    const { auth } = world();
    const first = auth();
    const outcomes = await withEnvironment(container(), () =>
      Promise.all(Array.from({ length: 50 }, async (_, i) => (i % 2 === 0 ? first : auth()).apply(input))),
    );
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(outcomes[0]).toMatchObject({
      kind: 'headers',
      sets: [
        { name: 'authorization', value: expect.stringMatching(/Credential=AKIDPOD\/\d{8}\/eu-west-1\/bedrock\//) },
        { name: 'x-amz-date' },
        { name: 'x-amz-security-token', value: TOKEN },
      ],
    });
    expect(server.requests).toHaveLength(1);
    expect(auth().apply(input)).toHaveProperty('kind', 'headers');
  });

  it('are renewed before they end', async () => {
    const { clock, auth } = world();
    const expiring = (id: string, lifeMs: number) =>
      answerOf(id).replace(END, new Date(clock.unixMs + lifeMs).toISOString());
    server.answer = () => ({ body: expiring('AKIDONE', 3_600_000) });
    await withEnvironment(container(), async () => {
      await auth().apply(input);
      clock.unixMs += 3_590_000;
      clock.monotonicMs += 3_590_000;
      server.answer = () => ({ body: expiring('AKIDTWO', 3_600_000) });
      expect(JSON.stringify(await auth().apply(input))).toContain('AKIDONE');
      clock.unixMs += 11_000;
      expect(JSON.stringify(await auth().apply(input))).toContain('AKIDTWO');
    });
    expect(server.requests).toHaveLength(2);
  });

  it.each<[string, ScriptedServer['answer'], string]>([
    [
      'that have expired',
      () => ({ body: answerOf('A').replace('2126', '2016') }),
      'the one that was given has expired already',
    ],
    ['from an answer that is no JSON', () => ({ body: `${SECRET} ${TOKEN}` }), 'SyntaxError'],
    [
      'from an answer without a secret',
      () => ({ body: JSON.stringify({ AccessKeyId: SECRET, Token: TOKEN }) }),
      'CredentialsProviderError',
    ],
    [
      'from a refusal',
      () => ({ status: 403, body: JSON.stringify({ Code: SECRET, Message: TOKEN }) }),
      'CredentialsProviderError',
    ],
  ])('give an outcome without any secret instead of credentials %s', async (_, answer, reason) => {
    server.answer = answer;
    const { failures, auth } = world();
    const outcome = await withEnvironment(container(), () => auth().apply(input));
    const message = `no AWS credentials: ${reason}; ${REPAIR}`;
    expect(outcome).toEqual({ kind: 'unavailable', message });
    expect(failures).toEqual([message]);
    expect(message).not.toContain('S3CRET');
  });

  it('are not there: many requests cost one try per back-off', async () => {
    const { failures, clock, auth } = world();
    await withEnvironment(nowhere(), async () => {
      for (let round = 0; round < 3; round++) {
        const outcomes = await Promise.all(Array.from({ length: 20 }, async () => auth().apply(input)));
        expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['unavailable']));
      }
      expect(failures).toEqual([`no AWS credentials: CredentialsProviderError; ${REPAIR}`]);
      clock.monotonicMs += 1000;
      await auth().apply(input);
      expect(failures).toHaveLength(2);
    });
  });
});
