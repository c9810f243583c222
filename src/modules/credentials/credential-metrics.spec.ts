import { describe, expect, it } from '@jest/globals';
import { MetricsText } from '../../../test/harness/metrics-text.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { CredentialMetrics } from './credential-metrics.js';

const key = (name: string) => `aigateway.envoyproxy.io/BackendSecurityPolicy/default/${name}`;
const EXPIRY = 'aigateway_controller_credential_time_to_expiry_seconds';
const EXCHANGES = 'aigateway_controller_credential_exchanges_total';

function metricsAt(nowMs: number) {
  const registry = new MetricsRegistry();
  return {
    metrics: new CredentialMetrics(registry, () => nowMs),
    text: async () => new MetricsText(await registry.text()),
  };
}

describe('CredentialMetrics', () => {
  it('tells how long the token of a policy still serves, and that there is none any more', async () => {
    const { metrics, text } = metricsAt(10_000);
    metrics.serves(key('a'), 25_000);
    metrics.serves(key('b'), 5_000);
    const before = await text();
    expect(before.find(EXPIRY, { namespace: 'default', policy: 'a' })[0]?.value).toBe(15);
    expect(before.find(EXPIRY, { policy: 'b' })[0]?.value).toBe(-5);
    metrics.serves(key('a'), undefined);
    expect((await text()).find(EXPIRY, { policy: 'a' })[0]?.value).toBeNaN();
  });

  it('counts exchanges, and failures by step', async () => {
    const { metrics, text } = metricsAt(0);
    metrics.attempted(key('a'), undefined);
    metrics.attempted(key('a'), 'aws-sts');
    const told = await text();
    expect(told.sum(EXCHANGES, { policy: 'a' })).toBe(2);
    expect(told.sum('aigateway_controller_credential_exchange_failures_total', { policy: 'a', step: 'aws-sts' })).toBe(
      1,
    );
  });

  it('counts the policies beyond the first thousand together', async () => {
    const { metrics, text } = metricsAt(0);
    for (let index = 0; index < 1_200; index++) {
      metrics.attempted(key(`p${index}`), undefined);
      metrics.serves(key(`p${index}`), 1_000);
    }
    const told = await text();
    expect(told.find(EXCHANGES)).toHaveLength(1_001);
    expect(told.sum(EXCHANGES, { policy: '(others)' })).toBe(200);
    expect(told.find(EXPIRY)).toHaveLength(1_000);
  });

  it('makes no series for a policy that never had a token', async () => {
    const { metrics, text } = metricsAt(0);
    metrics.serves(key('a'), undefined);
    expect((await text()).find(EXPIRY)).toEqual([]);
  });
});
