import { describe, expect, it } from '@jest/globals';
import { kinds } from '../../../shared/api/kinds.js';
import { objectKey } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { hintFor } from './fault-hints.js';

const backend = (namespace: string, name: string) => ({
  apiVersion: `${kinds.backend.group}/v1alpha1`,
  kind: kinds.backend.kind,
  metadata: { namespace, name },
});
const world = snapshotOf([backend('default', 'openai'), backend('prod', 'anthropic')]);

describe('hintFor', () => {
  it.each([
    ['default', 'opnai', '; did you mean "openai"?'],
    ['default', 'anthropic', '; there is one in namespace "prod"'],
    ['default', 'something-else', ''],
    ['prod', 'opnai', ''],
  ])('says of %s/%s: %j', (namespace, name, hint) => {
    const missing = objectKey(kinds.backend, namespace, name);
    expect(hintFor({ object: '', path: '', reason: '', message: '', severity: 'error', missing }, world)).toBe(hint);
  });

  it('has nothing to say when nothing is missing', () => {
    expect(hintFor({ object: '', path: '', reason: '', message: '', severity: 'error' }, world)).toBe('');
  });
});
