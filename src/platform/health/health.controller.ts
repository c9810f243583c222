import type { ServerResponse } from 'node:http';
import { Controller, Get, Header, HttpException, HttpStatus, Logger, Res } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { SERVING_KEY, ServingIndicator } from './serving.indicator.js';

/** Readiness in plain text. @see spec extproc.md section 1.4 */
@Controller('health')
export class HealthController {
  readonly #logger = new Logger(HealthController.name);
  readonly #health: HealthCheckService;
  readonly #serving: ServingIndicator;

  constructor(health: HealthCheckService, serving: ServingIndicator) {
    this.#health = health;
    this.#serving = serving;
  }

  @Get()
  @Header('content-type', 'text/plain; charset=utf-8')
  async health(@Res({ passthrough: true }) response: ServerResponse): Promise<string> {
    try {
      await this.#health.check([() => this.#serving.check()]);
    } catch (error) {
      const reason = reasonOf(error);
      this.#logger.warn({ reason }, 'health check failed');
      response.statusCode = HttpStatus.INTERNAL_SERVER_ERROR;
      return `${reason}\n`;
    }
    return 'OK\n';
  }
}

/** Terminus reports failing indicators as a 503 whose body holds their results; while it shuts down there may be none. */
function reasonOf(error: unknown): string {
  if (!(error instanceof HttpException)) throw error;
  const { error: failures, status } = error.getResponse() as HealthCheckResult;
  const message: unknown = failures?.[SERVING_KEY]?.['message'];
  return typeof message === 'string' ? message : `unhealthy status: ${status.toUpperCase()}`;
}
