import { describe, expect, it } from '@jest/globals';
import type { Pod } from '../../../shared/api/workloads.js';
import { injections } from './injections.js';

const NOW = new Date('2026-01-01T00:01:00Z');
const pod = (name: string, creationTimestamp: string | undefined, ...containers: readonly string[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'eg', ...(creationTimestamp !== undefined && { creationTimestamp }) },
  spec: { initContainers: containers.map((container) => ({ name: container, image: `registry.test/${container}:1` })) },
});

describe('injections', () => {
  it('tells of new pods that carry the processor, and of no others', () => {
    const told = injections(
      [
        pod('new', '2026-01-01T00:00:01Z', 'shutdown-manager', 'ai-gateway-extproc'),
        pod('old', '2026-01-01T00:00:00Z', 'ai-gateway-extproc'),
        pod('bare', '2026-01-01T00:00:59Z', 'shutdown-manager'),
        pod('of-files', undefined, 'ai-gateway-extproc'),
      ],
      NOW,
    );
    expect(told).toEqual([
      {
        regarding: '/Pod/eg/new',
        type: 'Normal',
        reason: 'ProcessorInjected',
        action: 'Inject',
        note: 'The webhook has put the External Processor into this pod, as container ai-gateway-extproc of image registry.test/ai-gateway-extproc:1.',
      },
    ]);
  });
});
