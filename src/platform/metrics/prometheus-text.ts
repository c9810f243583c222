/**
 * OpenTelemetry metrics in Prometheus text format 0.0.4, with the names and labels that the reference's exporter gives
 * them: unit suffix, `_total`, three `otel_scope_*` labels even when empty, `le` in Go's number format. The exporter of the
 * JavaScript SDK has neither, and spends 15 times as long per line on the thread that serves requests.
 * @see spec observability.md section 3.1, https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import { setImmediate } from 'node:timers/promises';
import type { Attributes } from '@opentelemetry/api';
import {
  DataPointType,
  type DataPoint,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

type Scope = ResourceMetrics['scopeMetrics'][number]['scope'];

/** After so many points other work gets its turn; a point of a histogram takes some 20 lines. */
const POINTS_PER_TURN = 100;

/** Families sorted by name; `target_info` holds the resource. */
export async function toPrometheusText({ resource, scopeMetrics }: ResourceMetrics): Promise<string> {
  const families = new Map<string, { readonly header: string; body: string }>();
  families.set('target_info', {
    header: familyHeader('target_info', 'Target metadata', 'gauge'),
    body: `target_info{${labelsOf(resource.attributes)}} 1\n`,
  });
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      const name = familyName(metric);
      const family = families.get(name) ?? {
        header: familyHeader(name, metric.descriptor.description, typeOf(metric)),
        body: '',
      };
      families.set(name, family);
      const write = pointWriter(name, metric, scope);
      for (const [index, point] of metric.dataPoints.entries()) {
        if (index > 0 && index % POINTS_PER_TURN === 0) await setImmediate();
        family.body += write(point);
      }
    }
  }
  const sorted = [...families].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, { header, body }]) => header + body).join('');
}

const familyHeader = (name: string, help: string, type: string) =>
  `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;

/** Units with a word of their own; other units stand for themselves. */
const UNIT_WORDS: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes', '1': '' };

/** Name with the unit, unless it is part of the name already, and `_total` for counters. */
function familyName(metric: MetricData): string {
  const { name, unit } = metric.descriptor;
  const word = sanitize(UNIT_WORDS[unit] ?? unit);
  let family = sanitize(name);
  if (word !== '' && !family.split('_').includes(word)) family += `_${word}`;
  return typeOf(metric) === 'counter' && !family.endsWith('_total') ? `${family}_total` : family;
}

function typeOf(metric: MetricData): 'counter' | 'gauge' | 'histogram' {
  if (metric.dataPointType === DataPointType.HISTOGRAM) return 'histogram';
  return metric.dataPointType === DataPointType.SUM && metric.isMonotonic ? 'counter' : 'gauge';
}

function pointWriter(name: string, metric: MetricData, scope: Scope): (point: DataPoint<unknown>) => string {
  const scopeAttributes: Attributes = {
    'otel.scope.name': scope.name,
    'otel.scope.schema_url': scope.schemaUrl ?? '',
    'otel.scope.version': scope.version ?? '',
  };
  const labels = (point: DataPoint<unknown>) => labelsOf({ ...point.attributes, ...scopeAttributes });
  if (metric.dataPointType !== DataPointType.HISTOGRAM) {
    return (point) => `${name}{${labels(point)}} ${String(point.value)}\n`;
  }
  return (point) => histogramLines(name, labels(point), point.value as Histogram);
}

function histogramLines(name: string, labels: string, { buckets, count, sum }: Histogram): string {
  let lines = '';
  let cumulative = 0;
  for (const [index, bound] of buckets.boundaries.entries()) {
    cumulative += buckets.counts[index] ?? 0;
    lines += `${name}_bucket{${labels},le="${formatBound(bound)}"} ${cumulative}\n`;
  }
  lines += `${name}_bucket{${labels},le="+Inf"} ${count}\n`;
  return `${lines}${name}_sum{${labels}} ${sum ?? 0}\n${name}_count{${labels}} ${count}\n`;
}

/**
 * Labels sorted by name. Attributes that differ only in characters which labels cannot have share a label, their values
 * joined by `;`: a label given twice would make the whole page unreadable.
 */
function labelsOf(attributes: Attributes): string {
  const labels = new Map<string, string>();
  for (const name of Object.keys(attributes).sort()) {
    const value = attributes[name];
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
    const label = labelName(name);
    const former = labels.get(label);
    labels.set(label, former === undefined ? text : `${former};${text}`);
  }
  return [...labels]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, text]) => `${label}="${escapeLabel(text)}"`)
    .join(',');
}

const NEEDS_ESCAPE = /[\\"\n]/;
const escapeLabel = (text: string) =>
  NEEDS_ESCAPE.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : text;

const sanitize = (name: string) => name.replace(/[^a-zA-Z0-9_]+/g, '_').replace(/_{2,}/g, '_');

/** `le` belongs to the buckets: a second one would make the page unreadable. */
function labelName(attribute: string): string {
  const label = sanitize(attribute);
  if (label === 'le') return 'exported_le';
  return /^\d/.test(label) ? `_${label}` : label;
}

/**
 * A bucket bound as Go prints it (shortest digits, exponent from 10^6 on): one fleet may mix both programs, and queries
 * group by the text of `le`.
 */
function formatBound(bound: number): string {
  const [digits, exponent] = bound.toExponential().split('e') as [string, string];
  if (bound === 0 || (Math.abs(bound) >= 1e-4 && Math.abs(bound) < 1e6)) return String(bound);
  const sign = exponent[0];
  return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`;
}
