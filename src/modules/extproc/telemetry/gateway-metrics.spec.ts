import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../../platform/metrics/metrics-registry.js';
import { GatewayMetrics } from './gateway-metrics.js';

function start() {
  const registry = new MetricsRegistry();
  const metrics = new GatewayMetrics(registry);
  const series = async () =>
    (await registry.text())
      .split('\n')
      .filter((line) => line.startsWith('aigateway_'))
      .map((line) => line.replace(/otel_scope_[a-z_]+="[^"]*",?/g, '').replace('{}', ''));
  return { metrics, series };
}
const IDLE = [
  'aigateway_extproc_broken_backends 0',
  'aigateway_extproc_cancelled_requests_total 0',
  'aigateway_extproc_config_loaded_timestamp_seconds 0',
  'aigateway_extproc_config_loads_total{result="success"} 0',
  'aigateway_extproc_config_loads_total{result="failure"} 0',
  'aigateway_extproc_config_up_to_date 0',
  'aigateway_extproc_cost_expression_failures_total 0',
  'aigateway_extproc_lost_sessions_total 0',
  'aigateway_extproc_retried_attempts_total 0',
];

describe('GatewayMetrics', () => {
  it('shows every series without labels of its own from the start', async () => {
    expect(await start().series()).toEqual(IDLE);
  });

  it.each<[string, (metrics: GatewayMetrics) => void, string[]]>([
    [
      'a request is rejected',
      (metrics) => metrics.requestRejected(404, 'unsupported_path'),
      ['aigateway_extproc_rejected_requests_total{reason="unsupported_path",status="404"} 1'],
    ],
    ['a session is lost', (metrics) => metrics.sessionLost(), ['aigateway_extproc_lost_sessions_total 1']],
    ['an attempt is retried', (metrics) => metrics.attemptRetried(), ['aigateway_extproc_retried_attempts_total 1']],
    [
      'a request is cancelled',
      (metrics) => metrics.requestCancelled(),
      ['aigateway_extproc_cancelled_requests_total 1'],
    ],
    [
      'a cost expression fails',
      (metrics) => metrics.costExpressionFailed(),
      ['aigateway_extproc_cost_expression_failures_total 1'],
    ],
    [
      'a config is loaded',
      (metrics) => metrics.configLoaded({ nowSeconds: 1_795_000_000, brokenBackends: 2 }),
      [
        'aigateway_extproc_broken_backends 2',
        'aigateway_extproc_config_loaded_timestamp_seconds 1795000000',
        'aigateway_extproc_config_loads_total{result="success"} 1',
        'aigateway_extproc_config_up_to_date 1',
      ],
    ],
    [
      'a config is rejected',
      (metrics) => metrics.configRejected(),
      ['aigateway_extproc_config_loads_total{result="failure"} 1'],
    ],
  ])('changes only what it should when %s', async (_, act, changed) => {
    const { metrics, series } = start();
    act(metrics);
    expect((await series()).filter((line) => !IDLE.includes(line))).toEqual(changed);
  });

  it('says that the config is out of date when a later one is rejected', async () => {
    const { metrics, series } = start();
    metrics.configLoaded({ nowSeconds: 5, brokenBackends: 0 });
    metrics.configRejected();
    expect(await series()).toEqual(
      expect.arrayContaining([
        'aigateway_extproc_config_up_to_date 0',
        'aigateway_extproc_config_loaded_timestamp_seconds 5',
      ]),
    );
  });
});
