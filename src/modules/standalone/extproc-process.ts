import { SupervisedProcess } from './process/supervised-process.js';

export interface ExtprocProcessOptions {
  /** Our own program, e.g. `dist/main.js`. */
  readonly entryPoint: string;
  readonly configPath: string;
  readonly socketPath: string;
  readonly adminPort: number;
  readonly isDebug: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: (message: string) => void;
  readonly showLine: (line: string) => void;
}

const READY_TIMEOUT_MS = 30_000;
const HEALTH_TIMEOUT_MS = 1_000;

/** Variable → flag; passed on when set, also when set to empty text. @see spec ops.md A2 */
const ATTRIBUTE_FLAGS = {
  OTEL_AIGW_REQUEST_HEADER_ATTRIBUTES: '-requestHeaderAttributes',
  OTEL_AIGW_SPAN_REQUEST_HEADER_ATTRIBUTES: '-spanRequestHeaderAttributes',
  OTEL_AIGW_METRICS_REQUEST_HEADER_ATTRIBUTES: '-metricsRequestHeaderAttributes',
  OTEL_AIGW_LOG_REQUEST_HEADER_ATTRIBUTES: '-logRequestHeaderAttributes',
} as const;

/** The External Processor of this run, a second process of the same program. */
export const superviseExtproc = (options: ExtprocProcessOptions): SupervisedProcess =>
  new SupervisedProcess({
    name: 'the external processor',
    prepare: () => ({
      command: process.execPath,
      args: [options.entryPoint, 'extproc', ...extprocArguments(options)],
      env: options.env,
      onStderrLine: options.showLine,
    }),
    isReady: () => isHealthy(options.adminPort),
    readyTimeoutMs: READY_TIMEOUT_MS,
    report: options.report,
  });

export function extprocArguments({ configPath, socketPath, adminPort, isDebug, env }: ExtprocProcessOptions): string[] {
  const attributes = Object.entries(ATTRIBUTE_FLAGS).flatMap(([variable, flag]) => {
    const mapping = env[variable];
    return mapping === undefined ? [] : [`${flag}=${mapping}`];
  });
  return [
    `-configPath=${configPath}`,
    `-extProcAddr=unix://${socketPath}`,
    `-adminPort=${adminPort}`,
    `-logLevel=${isDebug ? 'debug' : 'warn'}`,
    // It is asked to end only after Envoy is gone: there is nobody to keep serving for.
    '-shutdownDelay=0s',
    ...attributes,
  ];
}

async function isHealthy(adminPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${adminPort}/health`, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
