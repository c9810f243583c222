import { describe, expect, it } from '@jest/globals';
import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { resolveCredential } from './credential.js';

const FILE =
  '[default]\naws_access_key_id=AKIDONE\naws_secret_access_key=one\n\n[prod] # x\nAWS_Access_Key_Id = AKIDTWO\naws_secret_access_key=s=+/\n';

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
    [
      'has no key in the profile',
      '[dev]\naws_access_key_id = AKID\n',
      'spec.awsCredentials.credentialsFile.profile: profile "dev" of the credentials file has no usable aws_secret_access_key: add it',
    ],
  ])('is a fault of the policy when it %s', (_, file, fault) => {
    expect(resolve(file, 'dev')).toEqual([undefined, fault]);
  });

  it('is a fault when it cannot be read, whatever the profile', () => {
    expect(resolve('S3CRET')).toEqual([
      undefined,
      expect.stringMatching(/secretRef: key "credentials" of the Secret is no credentials file of AWS, line 1: /),
    ]);
  });

  it.each([
    [
      'there is none',
      FILE.replace('default', 'other'),
      'the credentials file has no profile "default": add it, or name another one',
    ],
    [
      'it has no keys',
      '[default]\nregion = x\n',
      'profile "default" of the credentials file has no usable aws_access_key_id: add it',
    ],
  ])('goes on with a warning, since a variable may name another default profile, when %s', (_, file, problem) => {
    expect(resolve(file)).toEqual([
      file,
      `spec.awsCredentials.credentialsFile.profile: ${problem}; requests are refused unless AWS_PROFILE of the External Processor names another profile of the file`,
    ]);
  });
});

describe('an API key', () => {
  const faultsOf = (apiKey: string) => {
    const metadata = { name: 's', namespace: 'ns' };
    const policy: BackendSecurityPolicy = {
      apiVersion: 'aigateway.envoyproxy.io/v1beta1',
      kind: 'BackendSecurityPolicy',
      metadata: { name: 'p', namespace: 'ns' },
      spec: { type: 'APIKey', apiKey: { secretRef: { name: 's' } } },
    };
    const world = snapshotOf([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { apiKey } } as Secret]);
    const { value, faults } = resolveCredential(world, policy);
    return [value !== undefined, ...faults.map(({ path, reason, message }) => `${reason} ${path}: ${message}`)];
  };

  it.each(['key', ' key\n', 'k\u00e4y'])('is taken as %j', (apiKey) => {
    expect(faultsOf(apiKey)).toEqual([true]);
  });

  it.each(['k\ney', 'k\r\ney', 'k\u0000ey'])('is a fault as %j, without being quoted', (apiKey) => {
    expect(faultsOf(apiKey)).toEqual([
      false,
      'InvalidSecret spec.apiKey.secretRef: key "apiKey" of Secret ns/s holds a line break or another control character between its other characters, which no header can carry: store the API key alone',
    ]);
  });
});

describe('the region of AWS', () => {
  it.each([
    ['us-east-1', []],
    [
      'us east',
      [
        'spec.awsCredentials.region: "us east" is no region: expected small letters, digits and dashes, such as us-east-1',
      ],
    ],
  ])('is checked as the data plane does: %s', (region, expected) => {
    const policy: BackendSecurityPolicy = {
      apiVersion: 'aigateway.envoyproxy.io/v1beta1',
      kind: 'BackendSecurityPolicy',
      metadata: { name: 'p', namespace: 'ns' },
      spec: { type: 'AWSCredentials', awsCredentials: { region } },
    };
    const { faults } = resolveCredential(snapshotOf([]), policy);
    expect(faults.map(({ path, message }) => `${path}: ${message}`)).toEqual(expected);
  });
});
