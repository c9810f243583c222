import { describe, expect, it } from '@jest/globals';
import { AggregationTemporality, InstrumentType, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { MetricsRegistry } from './metrics-registry.js';
import { ConsoleMetricExporter } from './push-metrics.js';

function world(temporality: 'cumulative' | 'delta') {
  const lines: string[] = [];
  const exporter = new ConsoleMetricExporter(temporality, (line) => void lines.push(line));
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  return { lines, reader, registry: new MetricsRegistry(reader) };
}

describe('ConsoleMetricExporter', () => {
  it('writes a line per collection, and none while nothing was recorded', async () => {
    const { lines, reader, registry } = world('cumulative');
    const histogram = registry.meter.createHistogram('h', { unit: 's', advice: { explicitBucketBoundaries: [1, 2] } });
    await reader.forceFlush();
    expect(lines).toEqual([]);
    histogram.record(1.5, { a: 'b' });
    await reader.forceFlush();
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      Resource: expect.arrayContaining([{ Key: 'service.name', Value: { Type: 'STRING', Value: 'ai-gateway' } }]),
      ScopeMetrics: [
        {
          Scope: { Name: 'envoyproxy/ai-gateway', Version: '' },
          Metrics: [
            {
              Name: 'h',
              Unit: 's',
              Data: {
                Temporality: 'CumulativeTemporality',
                DataPoints: [
                  {
                    Attributes: [{ Key: 'a', Value: { Type: 'STRING', Value: 'b' } }],
                    Count: 1,
                    Sum: 1.5,
                    Bounds: [1, 2],
                    BucketCounts: [0, 1, 0],
                  },
                ],
              },
            },
          ],
        },
      ],
    });
  });

  it.each([
    ['cumulative', [1, 3]],
    ['delta', [1, 2]],
  ] as const)('tells %s sums', async (temporality, expected) => {
    const { lines, reader, registry } = world(temporality);
    const counter = registry.meter.createCounter('c');
    for (const count of [1, 2]) {
      counter.add(count);
      await reader.forceFlush();
    }
    const values = lines.map((line) => JSON.parse(line).ScopeMetrics[0].Metrics[0].Data.DataPoints[0].Value);
    expect(values).toEqual(expected);
    expect(await registry.text()).toMatch(/^c_total\{.*\} 3$/m);
  });

  it('keeps counters that go down cumulative', () => {
    const exporter = new ConsoleMetricExporter('delta', () => {});
    expect(exporter.selectAggregationTemporality(InstrumentType.UP_DOWN_COUNTER)).toBe(
      AggregationTemporality.CUMULATIVE,
    );
  });
});
