import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../../platform/metrics/metrics-registry.js';
import { GenAiMetrics } from './genai-metrics.js';
import type { GenAiLabels } from './genai-labels.js';

const LABELS: GenAiLabels = {
  operation: 'chat',
  provider: 'openai',
  originalModel: 'gpt-4o',
  requestModel: 'gpt-4o-mini',
  responseModel: 'gpt-4o-mini-2024-07-18',
  headers: {},
};

function start(labelSetsMax?: number) {
  const registry = new MetricsRegistry();
  const metrics = new GenAiMetrics(registry, labelSetsMax);
  const counts = async (family: string) =>
    [...(await registry.text()).matchAll(new RegExp(`^${family}_count\\{(.*)\\} (\\d+)$`, 'gm'))].map(
      ([, labels, count]) => `${labels!.replace(/,otel_scope_[a-z_]+="[^"]*"/g, '')} ${count}`,
    );
  return { registry, metrics, counts };
}

const DURATION = 'gen_ai_server_request_duration_seconds';
const TOKENS = 'gen_ai_client_token_usage';
const MODELS =
  'gen_ai_operation_name="chat",gen_ai_original_model="gpt-4o",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_response_model="gpt-4o-mini-2024-07-18"';

describe('GenAiMetrics', () => {
  it('gives exactly the families, buckets and labels of the reference', async () => {
    const { registry, metrics } = start();
    metrics.recordTokenUsage(LABELS, { inputTokens: 8, outputTokens: 377, totalTokens: 385 });
    metrics.recordRequestDuration(LABELS, 1.5);
    metrics.recordTimeToFirstToken(LABELS, 0.25);
    metrics.recordTimePerOutputToken(LABELS, 0.03);
    const page = (await registry.text()).replace(/^.*target_info.*\n/gm, '');
    expect(page).toBe(await readFile(new URL('./testdata/genai-metrics.txt', import.meta.url), 'utf8'));
  });

  it('records each token type that was reported, zero included', async () => {
    const { metrics, counts } = start();
    metrics.recordTokenUsage(LABELS, {
      inputTokens: 8,
      cachedInputTokens: 0,
      cacheCreationInputTokens: 0,
      outputTokens: 377,
      reasoningTokens: 320,
    });
    expect(await counts(TOKENS)).toEqual(
      ['input', 'cached_input', 'cache_creation_input', 'output', 'reasoning'].map(
        (type) => `${MODELS},gen_ai_token_type="${type}" 1`,
      ),
    );
  });

  it('records nothing for usage without members', async () => {
    const { metrics, counts } = start();
    metrics.recordTokenUsage(LABELS, {});
    expect(await counts(TOKENS)).toEqual([]);
  });

  it('adds error_type only to failures', async () => {
    const { metrics, counts } = start();
    metrics.recordRequestDuration(LABELS, 1);
    metrics.recordRequestDuration(LABELS, 1, '_OTHER');
    metrics.recordRequestDuration(LABELS, 1, '429');
    expect(await counts(DURATION)).toEqual([
      `${MODELS} 1`,
      `error_type="_OTHER",${MODELS} 1`,
      `error_type="429",${MODELS} 1`,
    ]);
  });

  it('makes one series of values that print alike', async () => {
    const { metrics, counts } = start();
    const pair = `${'m'.repeat(255)}😀`; // Cut in its middle.
    for (const originalModel of ['a\ud800', 'a\udc00', 'a\ufffd', pair, `${'m'.repeat(255)}\ufffd`]) {
      metrics.recordRequestDuration({ ...LABELS, originalModel, headers: { team: originalModel } }, 1);
    }
    const series = (await counts(DURATION)).map((line) => /team="(.*)" (\d+)$/.exec(line)?.slice(1));
    expect(series).toEqual([
      ['a\ufffd', '3'],
      [`${'m'.repeat(255)}\ufffd`, '2'],
    ]);
  });

  it('adds mapped headers, also empty ones, below its own labels', async () => {
    const { metrics, counts } = start();
    metrics.recordRequestDuration({ ...LABELS, headers: { 'tenant.id': '', 'gen_ai.operation.name': 'mine' } }, 1);
    expect(await counts(DURATION)).toEqual([`${MODELS},tenant_id="" 1`]);
  });

  it('counts equal labels of different objects together', async () => {
    const { metrics, counts } = start();
    metrics.recordRequestDuration({ ...LABELS }, 1);
    metrics.recordRequestDuration({ ...LABELS, headers: {} }, 1);
    expect(await counts(DURATION)).toEqual([`${MODELS} 2`]);
  });

  it('keeps label sets apart whose values only meet when joined', async () => {
    const { metrics, counts } = start();
    metrics.recordRequestDuration({ ...LABELS, originalModel: 'a1:b', requestModel: 'c' }, 1);
    metrics.recordRequestDuration({ ...LABELS, originalModel: 'a', requestModel: 'b1:c' }, 1);
    expect(await counts(DURATION)).toHaveLength(2);
  });

  it('bounds the series over all scrapes when clients invent models', async () => {
    const { registry, metrics, counts } = start(10);
    for (let scrape = 0; scrape < 3; scrape++) {
      for (let index = 0; index < 20; index++) {
        const labels = { ...LABELS, originalModel: `m${scrape}-${index}` };
        metrics.recordRequestDuration(labels, 1);
        metrics.recordTokenUsage(labels, { inputTokens: 1 });
      }
      await registry.text();
    }
    const durations = await counts(DURATION);
    expect(durations).toHaveLength(11);
    expect(durations.at(-1)).toBe('otel_metric_overflow="true" 50');
    expect((await counts(TOKENS)).at(-1)).toBe('gen_ai_token_type="input",otel_metric_overflow="true" 50');
  });

  it('cuts label values that are too long', async () => {
    const { metrics, counts } = start();
    metrics.recordRequestDuration({ ...LABELS, originalModel: 'm'.repeat(5_000) }, 1);
    metrics.recordRequestDuration({ ...LABELS, originalModel: 'm'.repeat(6_000) }, 1);
    expect(await counts(DURATION)).toEqual([expect.stringContaining(`gen_ai_original_model="${'m'.repeat(256)}"`)]);
  });

  it('counts error types beyond the bound as _OTHER', async () => {
    const { metrics, counts } = start();
    for (let index = 0; index < 100; index++) metrics.recordRequestDuration(LABELS, 1, `e${index}`);
    const lines = await counts(DURATION);
    expect(lines).toHaveLength(64);
    expect(lines.find((line) => line.startsWith('error_type="_OTHER"'))).toBe(`error_type="_OTHER",${MODELS} 37`);
  });
});
