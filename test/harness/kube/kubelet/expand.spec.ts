import { describe, expect, it } from '@jest/globals';
import { containerEnvironment, expand } from './expand.js';
import type { EnvVar, Pod } from './pod.js';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', annotations: { 'topology.kubernetes.io/zone': 'z1' } },
  spec: { containers: [] },
  status: { podIP: '127.1.0.1' },
};

const read = async (kind: string, name: string) =>
  kind === 'Secret' && name === 's' ? new Map([['k', Buffer.from('secret')]]) : undefined;

describe('expand', () => {
  it.each([
    ['$(A)', 'value'],
    ['x-$(A)-$(A)', 'x-value-value'],
    ['$(NO)', '$(NO)'],
    ['$$(A)', '$(A)'],
    ['$A ${A} $', '$A ${A} $'],
  ])('makes of %s %s', (text, expanded) => {
    expect(expand(text, { A: 'value' })).toBe(expanded);
  });
});

describe('containerEnvironment', () => {
  it('takes values, fields of the Pod and keys of objects', async () => {
    const env: EnvVar[] = [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'ADDRESS', value: '$(IP):1063' },
      { name: 'ZONE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['topology.kubernetes.io/zone']" } } },
      { name: 'NONE', valueFrom: { fieldRef: { fieldPath: "metadata.labels['no']" } } },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { name: 'OPTIONAL', valueFrom: { configMapKeyRef: { name: 'no', key: 'k', optional: true } } },
    ];
    expect(await containerEnvironment(pod, env, read)).toEqual({
      NAME: 'p',
      IP: '127.1.0.1',
      ADDRESS: '127.1.0.1:1063',
      ZONE: 'z1',
      NONE: '',
      KEY: 'secret',
    });
  });

  it.each<[EnvVar, string]>([
    [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'no' } } }, 'Secret s has no key no'],
    [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }, 'the field spec.x of a Pod is not known here'],
    [{ name: 'A', valueFrom: {} }, 'a variable with a source that is not known here'],
  ])('refuses %j', async (variable, message) => {
    await expect(containerEnvironment(pod, [variable], read)).rejects.toThrow(message);
  });
});
