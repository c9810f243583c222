import { describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { PolicyWorld } from '../../../test/harness/policy-world.js';
import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import { CredentialsModule } from './credentials.module.js';
import { RotationSweep } from './rotation-sweep.js';

const ambient: BackendSecurityPolicy = {
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'BackendSecurityPolicy',
  metadata: {
    name: 'p',
    namespace: 'default',
    annotations: { 'aigateway.envoyproxy.io/azure-identity': 'ambient' },
  },
  spec: { type: 'AzureCredentials', azureCredentials: { tenantID: 't', clientID: 'c' } },
};

describe('CredentialsModule', () => {
  it('sweeps on a schedule until it is closed, and then gives up what is under way', async () => {
    const signals: AbortSignal[] = [];
    const exchange = (_: unknown, signal: AbortSignal) => {
      signals.push(signal);
      return Promise.withResolvers<never>().promise;
    };
    const world = new PolicyWorld([ambient], exchange, new Date(0));
    const module = await Test.createTestingModule({
      imports: [CredentialsModule.forRoot(world.controller, world.rotator)],
    }).compile();
    await module.init();
    const registry = module.get(SchedulerRegistry, { strict: false });
    expect(registry.getIntervals()).toEqual(['credential-rotation-sweep']);
    expect(module.get(RotationSweep, { strict: false })).toBeInstanceOf(RotationSweep);
    world.reconcile();
    await module.close();
    expect(registry.getIntervals()).toEqual([]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
