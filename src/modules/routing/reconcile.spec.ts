import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { reconcileGateway } from './reconcile.js';

const AI_GATEWAY = 'aigateway.envoyproxy.io/v1beta1';
const object = (apiVersion: string, kind: string, name: string, rest: object = {}) =>
  ({ apiVersion, kind, metadata: { name, namespace: 'default' }, ...rest }) as KubeObject;

const GATEWAY = object('gateway.networking.k8s.io/v1', 'Gateway', 'edge');
const target = (name: string) => ({ group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend', name });
const backend = (name: string) => [
  object('gateway.envoyproxy.io/v1alpha1', 'Backend', name),
  object(AI_GATEWAY, 'AIServiceBackend', name, {
    spec: { schema: { name: 'OpenAI' }, backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name } },
  }),
];

/** One route whose backends have an API key, an AWS file, and a key under a name that the policy does not ask for. */
const world = (secret: object, headerValue = 'value') => [
  GATEWAY,
  object(AI_GATEWAY, 'AIGatewayRoute', 'llm', {
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [
        {
          backendRefs: [
            { name: 'key', headerMutation: { set: [{ name: 'x-own', value: headerValue }] } },
            { name: 'aws' },
            { name: 'lost' },
          ],
        },
      ],
    },
  }),
  ...['key', 'aws', 'lost'].flatMap(backend),
  object('v1', 'Secret', 's', secret),
  object(AI_GATEWAY, 'BackendSecurityPolicy', 'key', {
    spec: { type: 'APIKey', apiKey: { secretRef: { name: 's' } }, targetRefs: [target('key')] },
  }),
  object(AI_GATEWAY, 'BackendSecurityPolicy', 'aws', {
    spec: {
      type: 'AWSCredentials',
      awsCredentials: { region: 'r', credentialsFile: { secretRef: { name: 's' } } },
      targetRefs: [target('aws')],
    },
  }),
  object(AI_GATEWAY, 'BackendSecurityPolicy', 'lost', {
    spec: {
      type: 'GCPCredentials',
      gcpCredentials: { projectName: 'p', region: 'r', credentialsFile: { secretRef: { name: 's' } } },
      targetRefs: [target('lost')],
    },
  }),
];

const reconcile = (objects: readonly KubeObject[]) =>
  reconcileGateway(GATEWAY, snapshotOf(objects), { version: 'test', rootPrefix: '/' });

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('reconcileGateway', () => {
  it.each([
    { secret: { data: { apiKey: base64('sk-1'), credentials: base64('[default]\nx = ü') } } },
    { secret: { stringData: { apiKey: 'sk-1', credentials: '[default]\nx = ü' } } },
    {
      secret: {
        data: { apiKey: base64('old'), credentials: base64('[default]\nx = ü') },
        stringData: { apiKey: 'sk-1' },
      },
    },
  ])('carries the values of the Secret when it is $secret', ({ secret }) => {
    const [key, aws] = reconcile(world(secret)).filterConfig.backends;
    expect(key?.auth?.apiKey?.key.reveal()).toBe('sk-1');
    expect(key?.httpHeaderMutation?.set?.[0]?.value.reveal()).toBe('value');
    expect(aws?.auth?.aws?.credentialFileLiteral?.reveal()).toBe('[default]\nx = ü');
  });

  it('gives another uuid when only a secret changed', () => {
    const uuid = (apiKey: string) => reconcile(world({ stringData: { apiKey, credentials: 'c' } })).filterConfig.uuid;
    expect(uuid('a')).not.toBe(uuid('b'));
    expect(uuid('a')).toBe(uuid('a'));
  });

  it('never prints a secret when all it gives is printed', () => {
    const secretText = fc.stringMatching(/^[A-Z0-9]{16,40}$/);
    fc.assert(
      fc.property(secretText, secretText, secretText, (apiKey, credentials, headerValue) => {
        const { conditions, ...desired } = reconcile(world({ stringData: { apiKey, credentials } }, headerValue));
        const printed = JSON.stringify(desired) + inspect({ desired, conditions }, { depth: null });
        for (const secret of [apiKey, credentials, headerValue]) expect(printed).not.toContain(secret);
      }),
      { numRuns: 20 },
    );
  });

  it('is not effective when no route is attached', () => {
    const { effective, objects, filterConfig } = reconcile([GATEWAY]);
    expect({ effective, objects, backends: filterConfig.backends }).toEqual({
      effective: false,
      objects: [],
      backends: [],
    });
  });
});
