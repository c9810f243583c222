import { describe, expect, it } from '@jest/globals';
import type { ManagedFieldsEntry } from '../store/managed-keys.js';
import { takenOverFields } from './take-over.js';

const entry = (manager: string, operation: 'Apply' | 'Update', fieldsV1: object, more: object = {}) =>
  ({ manager, operation, apiVersion: 'g/v1', fieldsType: 'FieldsV1', fieldsV1, ...more }) as ManagedFieldsEntry;

const spec = { 'f:spec': { 'f:a': {} } };

describe('takenOverFields', () => {
  it('makes the content that others wrote by update ours, and keeps the rest', () => {
    const status = entry('eg', 'Update', { 'f:status': {} }, { subresource: 'status' });
    const labeller = entry('kubectl-label', 'Update', { 'f:metadata': { 'f:labels': { 'f:x': {} } } });
    const applier = entry('argo', 'Apply', { 'f:spec': { 'f:z': {} } });
    const reference = entry('controller', 'Update', { 'f:metadata': { 'f:labels': { 'f:y': {} } }, ...spec });
    const editor = entry('kubectl-edit', 'Update', { 'f:spec': { 'f:a': { 'f:b': {} }, 'f:c': {} } });
    expect(takenOverFields([status, labeller, reference, editor, applier], 'g/v1')).toEqual([
      entry('ai-gateway-controller', 'Apply', {
        'f:metadata': { 'f:labels': { 'f:y': {} } },
        'f:spec': { 'f:a': { 'f:b': {} }, 'f:c': {} },
      }),
      status,
      labeller,
      applier,
    ]);
  });

  it.each([
    ['nobody wrote content', [entry('x', 'Update', { 'f:metadata': {} })]],
    ['it is applied already', [entry('ai-gateway-controller', 'Apply', spec)]],
    ['it was written in another version', [entry('x', 'Update', spec, { apiVersion: 'g/v1alpha1' })]],
    ['nothing is known', []],
  ])('has nothing to do when %s', (_, entries) => {
    expect(takenOverFields(entries, 'g/v1')).toBeUndefined();
  });
});
