import { describe, expect, it } from '@jest/globals';
import { staleStorage, type StoredDefinition } from './storage-migration.js';

describe('staleStorage', () => {
  const definition = (storage: string | undefined, ...storedVersions: readonly string[]): StoredDefinition => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'x' },
    spec: { versions: ['v1alpha1', 'v1beta1'].map((name) => ({ name, storage: name === storage })) },
    status: { storedVersions },
  });

  it.each([
    ['only the version that is stored now is listed', definition('v1beta1', 'v1beta1'), undefined],
    ['a former version is listed beside it', definition('v1beta1', 'v1alpha1', 'v1beta1'), 'v1beta1'],
    ['a former version is listed alone', definition('v1beta1', 'v1alpha1'), 'v1beta1'],
    ['it has not been changed yet', definition('v1alpha1', 'v1alpha1'), undefined],
    ['it went back to the former version', definition('v1alpha1', 'v1alpha1', 'v1beta1'), 'v1alpha1'],
    ['nothing was ever stored', definition('v1beta1'), undefined],
    ['no version is stored', definition(undefined, 'v1alpha1'), undefined],
    ['the object is empty', { apiVersion: 'v1', kind: 'x', metadata: { name: 'x' } }, undefined],
  ])('finds what to migrate to when %s', (_, found, expected) => {
    expect(staleStorage(found)).toBe(expected);
  });
});
