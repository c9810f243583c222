import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';

/** One thing that has to be so before requests may come: its name and, when it is not so, why. */
export interface ReadinessCheck {
  readonly name: string;
  /** Undefined: all is well. */
  readonly problem: () => string | undefined;
}

export interface ProbeSource {
  readonly checks: readonly ReadinessCheck[];
  /** Reported, never a reason to be unready, such as who leads. */
  readonly facts: () => Readonly<Record<string, string | number | boolean>>;
}

export const PROBE_SOURCE = Symbol('PROBE_SOURCE');

/** `/healthz`: the process runs. `/readyz`: it can do its work; 503 with what is missing otherwise. */
@Controller()
export class ProbesController {
  readonly #health: HealthCheckService;
  readonly #indicators: HealthIndicatorService;
  readonly #source: ProbeSource;

  constructor(
    health: HealthCheckService,
    indicators: HealthIndicatorService,
    @Inject(PROBE_SOURCE) source: ProbeSource,
  ) {
    this.#health = health;
    this.#indicators = indicators;
    this.#source = source;
  }

  @Get('healthz')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    const { checks, facts } = this.#source;
    return this.#health.check([
      ...checks.map(({ name, problem }) => () => {
        const found = problem();
        const indicator = this.#indicators.check(name);
        return found === undefined ? indicator.up() : indicator.down(found);
      }),
      () => this.#indicators.check('state').up(facts()),
    ]);
  }
}
