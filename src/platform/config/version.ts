import { readFileSync } from 'node:fs';

/**
 * The version that the process reports and compares with `version` in the filter config: `AIGW_VERSION`, else that of
 * package.json. @see spec extproc.md section 1.6
 */
export function buildVersion(env: NodeJS.ProcessEnv = process.env): string {
  const override = env['AIGW_VERSION'];
  if (override) return override;
  // The same three levels up from src/platform/config and from dist/platform/config.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
