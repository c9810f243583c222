import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/** Status of `grpc.health.v1.HealthCheckResponse`. */
export type ServingStatus = 'SERVING' | 'NOT_SERVING' | 'UNKNOWN' | 'SERVICE_UNKNOWN';

/** Asks the process' own gRPC listener, so that the socket itself is part of the answer. Rejects if it cannot be reached. */
export type ServingProbe = (signal: AbortSignal) => Promise<ServingStatus>;

export const SERVING_PROBE = Symbol('SERVING_PROBE');
export const SERVING_KEY = 'extproc';
const PROBE_TIMEOUT_MS = 1_000;

/** @see spec extproc.md section 1.4, GET /health */
@Injectable()
export class ServingIndicator {
  readonly #indicators: HealthIndicatorService;
  readonly #probe: ServingProbe;

  constructor(indicators: HealthIndicatorService, @Inject(SERVING_PROBE) probe: ServingProbe) {
    this.#indicators = indicators;
    this.#probe = probe;
  }

  /** Down with the text for the client as `message`. */
  async check(): Promise<HealthIndicatorResult<typeof SERVING_KEY>> {
    const session = this.#indicators.check(SERVING_KEY);
    let serving: ServingStatus | undefined;
    const attempt = await session
      .attempt(async ({ signal }) => void (serving = await this.#probe(signal)))
      .withTimeout(PROBE_TIMEOUT_MS);
    const { status, message } = attempt[SERVING_KEY] as { status: string; message?: string };
    if (status !== 'up') return session.down(`health check RPC failed: ${message}`);
    return serving === 'SERVING' ? session.up() : session.down(`unhealthy status: ${serving}`);
  }
}
