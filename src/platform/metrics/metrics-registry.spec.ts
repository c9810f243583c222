import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from './metrics-registry.js';

const SCOPE = 'otel_scope_name="envoyproxy/ai-gateway",otel_scope_schema_url="",otel_scope_version=""';
const targetInfo = async () => /^target_info\{(.*)\} 1$/m.exec(await new MetricsRegistry().text())?.[1];

describe('MetricsRegistry', () => {
  it('writes families sorted by name, each with help and type', async () => {
    const registry = new MetricsRegistry();
    registry.meter
      .createHistogram('z.time', {
        unit: 's',
        description: 'a\nb\\c',
        advice: { explicitBucketBoundaries: [0.5, 1e6] },
      })
      .record(0.5);
    registry.meter.createCounter('a.hits').add(2, { status: 404, reason: 'x' });
    registry.meter.createGauge('m.level', { unit: 'By' }).record(-1.5);
    const page = await registry.text();
    expect(page.slice(0, page.indexOf('# HELP target_info')) + page.slice(page.indexOf('# HELP z'))).toBe(
      [
        '# HELP a_hits_total ',
        '# TYPE a_hits_total counter',
        `a_hits_total{${SCOPE},reason="x",status="404"} 2`,
        '# HELP m_level_bytes ',
        '# TYPE m_level_bytes gauge',
        `m_level_bytes{${SCOPE}} -1.5`,
        '# HELP z_time_seconds a\\nb\\\\c',
        '# TYPE z_time_seconds histogram',
        `z_time_seconds_bucket{${SCOPE},le="0.5"} 1`,
        `z_time_seconds_bucket{${SCOPE},le="1e+06"} 1`,
        `z_time_seconds_bucket{${SCOPE},le="+Inf"} 1`,
        `z_time_seconds_sum{${SCOPE}} 0.5`,
        `z_time_seconds_count{${SCOPE}} 1`,
        '',
      ].join('\n'),
    );
  });

  it('keeps counting from scrape to scrape', async () => {
    const registry = new MetricsRegistry();
    const counter = registry.meter.createCounter('hits');
    counter.add(1);
    expect(await registry.text()).toContain(`hits_total{${SCOPE}} 1\n`);
    counter.add(1);
    expect(await registry.text()).toContain(`hits_total{${SCOPE}} 2\n`);
    expect(await registry.text()).toContain(`hits_total{${SCOPE}} 2\n`);
  });

  it('does not repeat a unit that the name has, nor "_total"', async () => {
    const registry = new MetricsRegistry();
    registry.meter.createCounter('wait.seconds', { unit: 's' }).add(1);
    registry.meter.createCounter('jobs_total', { unit: '1' }).add(1);
    expect([...(await registry.text()).matchAll(/^# TYPE (\S+) counter$/gm)].map((match) => match[1])).toEqual([
      'jobs_total',
      'wait_seconds_total',
    ]);
  });

  it('escapes label values', async () => {
    const registry = new MetricsRegistry();
    registry.meter.createCounter('hits').add(1, { v: 'a"b\\c\nd' });
    expect(await registry.text()).toContain('v="a\\"b\\\\c\\nd"');
  });

  it('keeps the page readable when attribute names meet in one label', async () => {
    const registry = new MetricsRegistry();
    const attributes = { 'a.b': '1', a_b: '2', '0x': '3', le: '4', 'otel.scope.name': '5' };
    registry.meter.createHistogram('h', { advice: { explicitBucketBoundaries: [1] } }).record(1, attributes);
    expect(await registry.text()).toContain(`h_bucket{_0x="3",a_b="1;2",exported_le="4",${SCOPE},le="1"} 1\n`);
  });

  it('writes many points, all of them', async () => {
    const registry = new MetricsRegistry();
    const counter = registry.meter.createCounter('hits');
    for (let index = 0; index < 250; index++) counter.add(1, { index });
    expect((await registry.text()).match(/^hits_total/gm)).toHaveLength(250);
  });

  describe('target_info', () => {
    const names = ['OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES'] as const;
    const former = names.map((name) => process.env[name]);
    beforeEach(() => names.forEach((name) => delete process.env[name]));
    afterEach(() => {
      names.forEach((name, index) => {
        if (former[index] === undefined) delete process.env[name];
        else process.env[name] = former[index];
      });
    });

    it('names the service ai-gateway', async () => {
      expect(await targetInfo()).toMatch(
        /^service_name="ai-gateway",telemetry_sdk_language="nodejs",telemetry_sdk_name="opentelemetry",telemetry_sdk_version="[^"]+"$/,
      );
    });

    it('takes name and attributes from the environment', async () => {
      process.env['OTEL_RESOURCE_ATTRIBUTES'] = 'service.name=other,deployment.environment=prod';
      expect(await targetInfo()).toContain('deployment_environment="prod",service_name="other"');
      process.env['OTEL_SERVICE_NAME'] = 'mine';
      expect(await targetInfo()).toContain('service_name="mine"');
    });
  });
});
