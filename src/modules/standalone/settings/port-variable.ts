import { UserFacingError } from '../../../shared/errors.js';
import type { Environment } from '../environment.js';

/** The port of the first listener where nothing else says one: in the generated configuration and in the quickstart. */
export const PORT_VARIABLE = 'AIGW_PORT';

/** The port in a variable; `standard` when it is unset or empty. Throws UserFacingError for what is no port. */
export function portFrom(env: Environment, name: string, standard: number): number {
  const text = env[name];
  if (!text) return standard;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UserFacingError(`${name} is "${text}"; expected a port from 1 to 65535`);
}
