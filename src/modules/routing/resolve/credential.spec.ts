import { describe, expect, it } from '@jest/globals';
import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { resolveCredential } from './credential.js';

const FILE =
  '[default]\naws_access_key_id=AKIDONE\n\n[prod] # x\nAWS_Access_Key_Id = AKIDTWO\naws_secret_access_key=s=+/\n';

function resolve(credentials: string, profile?: string) {
  const metadata = { name: 's', namespace: 'ns' };
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { credentials } };
  const policy: BackendSecurityPolicy = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'BackendSecurityPolicy',
    metadata: { name: 'p', namespace: 'ns' },
    spec: {
      type: 'AWSCredentials',
      awsCredentials: { region: 'r', credentialsFile: { secretRef: { name: 's' }, ...(profile && { profile }) } },
    },
  };
  const world = snapshotOf([secret]);
  const { value, faults } = resolveCredential(world, policy);
  return [value?.aws?.credentialFileLiteral?.reveal(), ...faults.map(({ path, message }) => `${path}: ${message}`)];
}

describe('the credentials file of AWS', () => {
  it.each([
    ['as it is without profile', undefined, FILE],
    ['as it is with the default profile', 'default', FILE],
    [
      'as the chosen profile alone, under the name that is taken',
      'prod',
      '[default]\naws_access_key_id = AKIDTWO\naws_secret_access_key = s=+/\n',
    ],
  ])('goes on %s', (_, profile, literal) => {
    expect(resolve(FILE, profile)).toEqual([literal]);
  });

  it.each([
    [
      'has no such profile',
      FILE,
      'spec.awsCredentials.credentialsFile.profile: the credentials file has no profile "dev": add it, or name another one',
    ],
    [
      'cannot be read, without quoting it',
      '[default]\nS3CRET',
      'spec.awsCredentials.credentialsFile.secretRef: key "credentials" of the Secret is no credentials file of AWS, line 2: expected "name = value", a [profile] or a comment',
    ],
    ['is empty', ' ', 'spec.awsCredentials.credentialsFile.secretRef: key "credentials" of Secret ns/s is empty'],
  ])('is a fault of the policy when it %s', (_, file, fault) => {
    expect(resolve(file, 'dev')).toEqual([undefined, fault]);
  });
});
