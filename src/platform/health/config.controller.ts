import { Controller, Get, Inject } from '@nestjs/common';

/** Gives what the process says of its configuration, as JSON; no secret is in it. */
export type ConfigStateSource = () => object;

export const CONFIG_STATE = Symbol('CONFIG_STATE');

/** @see spec extproc.md X30 */
@Controller('config')
export class ConfigController {
  readonly #state: ConfigStateSource;

  constructor(@Inject(CONFIG_STATE) state: ConfigStateSource) {
    this.#state = state;
  }

  @Get()
  config(): object {
    return this.#state();
  }
}
