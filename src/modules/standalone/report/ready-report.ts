import { exampleRequest } from './example-request.js';
import type { Summary } from './summary.js';

export interface ReadyFacts {
  readonly summary: Summary;
  readonly adminPort: number;
  readonly logPath: string;
  /** The port with the control API of the demo provider, when that runs. */
  readonly demoControlPort?: number;
}

/** What stands on the terminal once the gateway serves: a table, and commands to paste. */
export function readyReport({ summary, adminPort, logPath, demoControlPort }: ReadyFacts): string {
  const rows: [string, string, string][] = [
    ...summary.listeners.map((one): [string, string, string] => [
      'listener',
      one.name,
      `${one.protocol} ${one.port}${one.hostname ? ` for ${one.hostname}` : ''}`,
    ]),
    ...summary.routes.map((one): [string, string, string] => [
      'route',
      one.name,
      `${one.hostnames.length > 0 ? `${one.hostnames.join(', ')}: ` : ''}${listed(one.models) || 'every request'} → ${one.backends.join(', ') || 'nowhere'}`,
    ]),
    ...summary.backends.map((one): [string, string, string] => [
      'backend',
      one.name,
      `${one.schema} at ${one.endpoints.join(', ') || 'no endpoint'}`,
    ]),
  ];
  const example = exampleRequest(summary);
  const tryIt = summary.asksForCredentials ? 'Try it, with a credential of your SecurityPolicy added:' : 'Try it:';
  return [
    '',
    ...aligned(rows),
    '',
    ...(example ? [tryIt, `  ${example}`, ''] : []),
    ...(demoControlPort === undefined
      ? []
      : [
          'Make the primary demo provider fail, and heal it:',
          `  curl -X POST http://localhost:${demoControlPort}/demo/primary/stop      (or fail?status=503, slow?ms=5000)`,
          `  curl -X POST http://localhost:${demoControlPort}/demo/primary/recover`,
          '',
        ]),
    `Health and metrics: http://localhost:${adminPort}/health and /metrics. Log: ${logPath}`,
  ].join('\n');
}

const MODELS_SHOWN = 8;

function listed(models: readonly string[]): string {
  const shown = models.slice(0, MODELS_SHOWN).join(', ');
  return models.length > MODELS_SHOWN ? `${shown} and ${models.length - MODELS_SHOWN} more` : shown;
}

function aligned(rows: readonly [string, string, string][]): string[] {
  const width = (column: 0 | 1) => Math.max(0, ...rows.map((row) => row[column].length));
  return rows.map(([kind, name, text]) => `  ${kind.padEnd(width(0))}  ${name.padEnd(width(1))}  ${text}`);
}

/** A duration rounded to 100 ms, as Go prints it: `0s`, `800ms`, `1.2s`, `1m0.5s`. @see spec ops.md A2, step 10 */
export function formatStartDuration(durationMs: number): string {
  const tenths = Math.round(durationMs / 100);
  if (tenths === 0) return '0s';
  if (tenths < 10) return `${tenths * 100}ms`;
  const minutes = Math.floor(tenths / 600);
  return `${minutes > 0 ? `${minutes}m` : ''}${(tenths % 600) / 10}s`;
}

export const readyLine = (port: number, adminAddress: string, durationMs: number): string =>
  `Envoy AI Gateway listening on http://localhost:${port} (admin http://localhost:${adminAddress.slice(adminAddress.lastIndexOf(':') + 1)}) after ${formatStartDuration(durationMs)}`;
