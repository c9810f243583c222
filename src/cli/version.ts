import { buildVersion } from '../platform/config/version.js';

/** `aigw version`. @see spec ops.md A1 */
export async function version(): Promise<number> {
  process.stdout.write(`Envoy AI Gateway CLI: ${buildVersion()}\n`);
  return 0;
}
