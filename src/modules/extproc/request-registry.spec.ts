import { describe, expect, it } from '@jest/globals';
import type { RequestRecord } from './phases/request-record.js';
import { RequestRegistry } from './request-registry.js';

const record = {} as RequestRecord;

describe('RequestRegistry', () => {
  it('finds a request until it is removed', () => {
    const registry = new RequestRegistry(2);
    expect(registry.add('a', record)).toBe(true);
    expect([registry.get('a'), registry.get('b'), registry.size]).toEqual([record, undefined, 1]);
    registry.remove('a');
    registry.remove('a');
    expect([registry.get('a'), registry.size]).toEqual([undefined, 0]);
  });

  it('takes no more than its bound', () => {
    const registry = new RequestRegistry(1);
    expect([registry.add('a', record), registry.add('b', record), registry.size]).toEqual([true, false, 1]);
    registry.remove('a');
    expect(registry.add('b', record)).toBe(true);
  });
});
