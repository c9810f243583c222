import { describe, expect, it } from '@jest/globals';
import { Redacted } from '../../../shared/secret.js';
import { compileBackendAuth } from './compile-backend-auth.js';
import { noCredentials } from '../../../../test/harness/credential-sources.js';
import { CREDENTIAL_HEADERS, foreignCredentials } from './foreign-credentials.js';

const headers = new Map(CREDENTIAL_HEADERS.map((name) => [name, 'client']));

describe('foreignCredentials', () => {
  it('names all credentials of the client but the one that is overwritten', () => {
    const auth = compileBackendAuth({ anthropicAPIKey: { key: new Redacted('k') } }, noCredentials());
    expect(foreignCredentials(auth, headers)).toEqual([
      'authorization',
      'proxy-authorization',
      'api-key',
      'x-goog-api-key',
      'x-goog-iam-authorization-token',
      'ocp-apim-subscription-key',
      'x-amz-security-token',
      'x-amz-date',
      'x-amz-content-sha256',
    ]);
  });

  it('names the session token of the client at AWS, which a signature without one does not overwrite', () => {
    const auth = compileBackendAuth({ aws: { region: 'us-east-1' } }, noCredentials());
    expect(foreignCredentials(auth, headers)).toEqual([
      'proxy-authorization',
      'api-key',
      'x-api-key',
      'x-goog-api-key',
      'x-goog-iam-authorization-token',
      'ocp-apim-subscription-key',
      'x-amz-security-token',
      'x-amz-content-sha256',
    ]);
  });

  it('names only what the client sent', () => {
    const auth = compileBackendAuth({ azureAPIKey: { key: new Redacted('k') } }, noCredentials());
    expect(
      foreignCredentials(
        auth,
        new Map([
          ['authorization', 'Bearer x'],
          ['accept', '*/*'],
        ]),
      ),
    ).toEqual(['authorization']);
  });

  it('leaves everything in place for a backend without auth', () => {
    expect(foreignCredentials(undefined, headers)).toEqual([]);
  });
});
