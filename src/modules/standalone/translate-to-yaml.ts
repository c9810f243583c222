import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { buildVersion } from '../../platform/config/version.js';
import { Redacted } from '../../shared/secret.js';
import { xdsToJson } from '../../shared/xds-json.js';
import { chooseOrigin } from './config-input.js';
import { demoPorts, withDemoPorts } from './demo-provider/demo-pair.js';
import { systemCaPath } from './envoy/system-ca.js';
import { ConfigSource } from './reload/config-source.js';
import { formatProblem } from './resources/problem.js';
import type { Environment } from './settings/directories.js';
import { logHeaderAttributesOf } from './settings/log-header-attributes.js';
import type { Terminal } from './terminal.js';

export interface TranslateOptions {
  readonly path: string;
  readonly env: Environment;
  readonly isLenient: boolean;
  readonly withXds: boolean;
  readonly readStdin: () => Promise<string>;
  readonly terminal: Terminal;
}

/** Stand for what only a run has. */
const PLACES = { xdsDirectory: '/run/aigw/envoy-xds', socketPath: '/run/aigw/uds.sock' };

/**
 * Prints the generated objects, the filter config and, if asked for, the Envoy configuration as YAML documents; problems
 * go to stderr. Exit code 1 when one of them is an error.
 */
export async function translateToYaml(options: TranslateOptions): Promise<number> {
  const { env, isLenient, readStdin, terminal } = options;
  const caPath = systemCaPath(env, existsSync);
  const source = new ConfigSource({
    origin: chooseOrigin(options.path, { configHome: '' }, env),
    env: withDemoPorts(env, demoPorts(env)),
    isLenient,
    readStdin,
    plan: {
      ...PLACES,
      version: buildVersion(env),
      logHeaderAttributes: logHeaderAttributesOf(env),
      ...(caPath === undefined ? {} : { systemCaPath: caPath }),
    },
  });
  const { plan, problems } = await source.read();
  for (const problem of problems) terminal.err(formatProblem(problem));
  if (plan) {
    const documents: unknown[] = [...plan.objects, { filterConfig: plan.filterConfig }];
    if (options.withXds) documents.push({ xds: xdsToJson(plan.xds) });
    terminal.out(documents.map((document) => stringify(withoutSecrets(document), { lineWidth: 0 })).join('---\n'));
  }
  return problems.some((problem) => problem.severity === 'error') ? 1 : 0;
}

/** Members of Envoy's configuration that hold key material or credentials. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set(['private_key', 'inline_bytes', 'password', 'generic_secret']);
const REDACTED = '[REDACTED]';

/** A copy in which everything that must stay secret is replaced. */
function withoutSecrets(value: unknown): unknown {
  if (value instanceof Redacted) return REDACTED;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const type = (value as Record<string, unknown>)['@type'];
  const isApiKeyAuth = typeof type === 'string' && type.includes('.api_key_auth.');
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [
        key,
        SECRET_MEMBERS.has(key) || (isApiKeyAuth && key === 'credentials') ? REDACTED : withoutSecrets(member),
      ]),
  );
}
