import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserFacingError } from '../../shared/errors.js';
import { EnvoyAdmin } from './envoy/envoy-admin.js';
import { ADMIN_ADDRESS_FILE } from './settings/run-settings.js';

/**
 * Asks the Envoy of a run, by default of the newest one, whether it serves; 1 s limit.
 * Throws UserFacingError when there is no run or Envoy is not ready.
 */
export async function checkHealth(runtimeDirectory: string, runId?: string): Promise<void> {
  const addressFile =
    runId === undefined ? await newestAddressFile(runtimeDirectory) : join(runtimeDirectory, runId, ADMIN_ADDRESS_FILE);
  if (addressFile === undefined) {
    throw new UserFacingError(
      `no gateway runs under ${runtimeDirectory}; start one with \`aigw run\`, or set --runtime-dir`,
    );
  }
  if (!(await new EnvoyAdmin(addressFile).isReady())) {
    throw new UserFacingError(`Envoy is not ready (its address is in ${addressFile})`);
  }
}

async function newestAddressFile(runtimeDirectory: string): Promise<string | undefined> {
  const names = await readdir(runtimeDirectory).catch(() => []);
  let newest: { readonly path: string; readonly modifiedMs: number } | undefined;
  for (const name of names) {
    const path = join(runtimeDirectory, name, ADMIN_ADDRESS_FILE);
    const facts = await stat(path).catch(() => undefined);
    if (facts && facts.mtimeMs > (newest?.modifiedMs ?? -1)) newest = { path, modifiedMs: facts.mtimeMs };
  }
  return newest?.path;
}
