import { Logger as NestPinoLogger, type PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';

/**
 * What Nest itself logs goes through the process logger: `NestFactory.create(module, { logger: new NestLogger(logger) })`.
 * Its `log` lines (modules, routes, start) tell an operator nothing and appear at debug only; warnings and errors keep
 * their level.
 */
export class NestLogger extends NestPinoLogger {
  constructor(logger: Logger) {
    // Only the level methods are called, which pino has itself; a PinoLogger would go to that one root.
    super(logger as unknown as PinoLogger, {});
  }

  override log(message: unknown, ...optionalParams: unknown[]): void {
    this.debug(message, ...optionalParams);
  }

  override verbose(message: unknown, ...optionalParams: unknown[]): void {
    this.debug(message, ...optionalParams);
  }
}
