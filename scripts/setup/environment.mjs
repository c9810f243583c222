import { delimiter } from 'node:path';
import { BIN } from './progress.mjs';

/** The process environment with the project's own Node and tools first on PATH, also when not started by npm. */
export const environment = (more = {}) => ({
  ...process.env,
  PATH: [BIN, process.env.PATH].join(delimiter),
  ...more,
});
