import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema } from '../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import type { Fault } from '../../shared/api/fault.js';
import { EndpointFaults } from './endpoint-faults.js';

const fault = (message: string): Fault => ({ object: 'x', path: '', reason: 'R', message, severity: 'error' });
const known = (faults: EndpointFaults, ...names: string[]) =>
  faults
    .of({ clusters: names.map((name) => create(ClusterSchema, { name })), listeners: [], routes: [], secrets: [] })
    .map(({ message }) => message);

describe('EndpointFaults', () => {
  it('tells the faults of the clusters of a translation, the newest ones only', () => {
    const faults = new EndpointFaults();
    faults.set('a', [fault('old')]);
    faults.set('a', [fault('new')]);
    faults.set('b', [fault('other')]);
    expect(known(faults, 'a', 'c')).toEqual(['new']);
  });

  it('forgets a cluster that is right again', () => {
    const faults = new EndpointFaults();
    faults.set('a', [fault('old')]);
    faults.set('a', []);
    expect(known(faults, 'a')).toEqual([]);
  });

  it('forgets the oldest cluster when there are more than 10,000', () => {
    const faults = new EndpointFaults();
    for (let index = 0; index <= 10_000; index++) faults.set(`${index}`, [fault(`${index}`)]);
    expect(known(faults, '0', '1', '10000')).toEqual(['1', '10000']);
  });
});
