import { diag, DiagLogLevel } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';

const QUIET_MS = 60_000;
const TEXTS_MAX = 100;

/** Passes each text on at most once a minute: a collector that is away fails with every export. */
export class RepeatFilter {
  readonly #toldMs = new Map<string, number>();

  constructor(
    private readonly nowMs: () => number,
    private readonly tell: (reason: string) => void,
  ) {}

  readonly pass = (reason: string): void => {
    const now = this.nowMs();
    if (now - (this.#toldMs.get(reason) ?? -Infinity) < QUIET_MS) return;
    if (this.#toldMs.size >= TEXTS_MAX) this.#toldMs.clear();
    this.#toldMs.set(reason, now);
    this.tell(reason);
  };
}

/** Errors of the SDK (exports that fail, spans that are dropped) go to `warn`; they never reach a request. */
export function listenToTelemetry(warn: (reason: string) => void): void {
  const tell = (message: unknown) => warn(messageOf(message));
  const quiet = () => undefined;
  diag.setLogger(
    { error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  setGlobalErrorHandler(tell);
}

const messageOf = (message: unknown) => (message instanceof Error ? message.message : String(message));
