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
import type { Environment } from './environment.js';
import { logHeaderAttributesOf } from './settings/log-header-attributes.js';
import type { Terminal } from './terminal.js';

export interface TranslateOptions {
  readonly path: string;
  readonly env: Environment;
  readonly isLenient: boolean;
  readonly withXds: boolean;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly terminal: Terminal;
}

/** Stand for what only a run has. */
const PLACES = { xdsDirectory: '/run/aigw/envoy-xds', socketPath: '/run/aigw/uds.sock' };

/**
 * Prints the generated objects, the filter config and, if asked for, the Envoy configuration as YAML documents; problems
 * go to stderr. Exit code 1 when one of them is an error.
 */
export async function translateToYaml(options: TranslateOptions): Promise<number> {
  const { env, isLenient, stdin, terminal } = options;
  const caPath = systemCaPath(env, existsSync);
  const source = new ConfigSource({
    origin: chooseOrigin(options.path, { configHome: '' }, env),
    env: withDemoPorts(env, demoPorts(env)),
    isLenient,
    stdin,
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
const SECRET_MEMBERS = ['private_key', 'inline_bytes', 'password', 'generic_secret'];
/** Members that do so somewhere below a message of such a type. A key set may hold symmetric keys. */
const SECRET_MEMBERS_BY_TYPE: Readonly<Record<string, string>> = {
  '.api_key_auth.': 'credentials',
  '.jwt_authn.': 'local_jwks',
  '.access_loggers.open_telemetry.': 'initial_metadata',
};
const REDACTED = '[REDACTED]';

/** A copy in which everything that must stay secret is replaced. */
function withoutSecrets(value: unknown, secret: readonly string[] = SECRET_MEMBERS): unknown {
  if (value instanceof Redacted) return REDACTED;
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, secret));
  if (typeof value !== 'object' || value === null) return value;
  const type = '@type' in value ? String(value['@type']) : '';
  const ofType = Object.entries(SECRET_MEMBERS_BY_TYPE).flatMap(([part, name]) => (type.includes(part) ? [name] : []));
  const names = ofType.length > 0 ? [...secret, ...ofType] : secret;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, names.includes(key) ? REDACTED : withoutSecrets(member, names)]),
  );
}
