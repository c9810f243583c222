import { describe, expect, it } from '@jest/globals';
import { Redacted } from '../../../shared/secret.js';
import { compileBackendAuth } from './compile-backend-auth.js';
import { CREDENTIAL_HEADERS, foreignCredentials } from './foreign-credentials.js';

const headers = new Map(CREDENTIAL_HEADERS.map((name) => [name, 'client']));

describe('foreignCredentials', () => {
  it('names all credentials of the client but the one that is overwritten', () => {
    const auth = compileBackendAuth({ anthropicAPIKey: { key: new Redacted('k') } });
    expect(foreignCredentials(auth, headers)).toEqual([
      'authorization',
      'proxy-authorization',
      'api-key',
      'x-goog-api-key',
      'ocp-apim-subscription-key',
      'x-amz-security-token',
    ]);
  });

  it('names only what the client sent', () => {
    const auth = compileBackendAuth({ azureAPIKey: { key: new Redacted('k') } });
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
