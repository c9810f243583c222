import { UserFacingError } from '../../shared/errors.js';
import { DEFAULT_TRANSLATION_OPTIONS, type TranslationOptions } from '../../shared/translation-options.js';
import { parseGoDurationMs } from './go-duration.js';

const MAX_TOKENS_MAX = 1_000_000;
const KNOWN_MODELS_MAX = 256;
const KEEP_ALIVE_INTERVAL_MIN_MS = 1_000;
const KEEP_ALIVE_INTERVAL_MAX_MS = 3_600_000;

/** Reads `AIGW_…` variables. `attempt` gathers problems: it returns a placeholder for a variable that cannot be used. */
export function translationOptions(
  env: NodeJS.ProcessEnv,
  attempt: <T>(name: string, parse: () => T, placeholder: T) => T,
): TranslationOptions {
  const read = <Name extends keyof TranslationOptions>(
    variable: string,
    name: Name,
    parse: (text: string) => TranslationOptions[Name],
  ) => {
    const text = env[variable];
    const standard = DEFAULT_TRANSLATION_OPTIONS[name];
    return text ? attempt(variable, () => parse(text), standard) : standard;
  };
  return {
    defaultMaxTokens: read('AIGW_DEFAULT_MAX_TOKENS', 'defaultMaxTokens', parseMaxTokens),
    forcesStreamUsage: read('AIGW_FORCE_STREAM_USAGE', 'forcesStreamUsage', parseFlag),
    hidesUnaskedUsage: read('AIGW_HIDE_UNASKED_USAGE', 'hidesUnaskedUsage', parseFlag),
    usesDocumentedErrorTypes: read('AIGW_DOCUMENTED_ERROR_TYPES', 'usesDocumentedErrorTypes', parseFlag),
    dropsHostedTools: read('AIGW_DROP_HOSTED_TOOLS', 'dropsHostedTools', parseFlag),
    knownModels: read('AIGW_KNOWN_MODELS', 'knownModels', parseKnownModels),
    keepAliveIntervalMs: read('AIGW_STREAM_KEEPALIVE_INTERVAL', 'keepAliveIntervalMs', parseKeepAliveInterval),
  };
}

function parseMaxTokens(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_TOKENS_MAX) return count;
  throw new UserFacingError(`found "${text}"; expected a whole number from 1 to ${MAX_TOKENS_MAX}`);
}

function parseFlag(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new UserFacingError(`found "${text}"; expected true or false`);
}

function parseKeepAliveInterval(text: string): number {
  const intervalMs = parseGoDurationMs(text);
  if (intervalMs === 0) return 0;
  if (intervalMs !== undefined && intervalMs >= KEEP_ALIVE_INTERVAL_MIN_MS && intervalMs <= KEEP_ALIVE_INTERVAL_MAX_MS)
    return intervalMs;
  throw new UserFacingError(`found "${text}"; expected 0 or a duration from 1s to 1h, such as 15s`);
}

/** `<part of a model name>=<model>`, separated by commas. */
function parseKnownModels(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('=').map((side) => side.trim()));
  const wrong = pairs.find((sides) => sides.length !== 2 || sides.includes(''));
  if (wrong !== undefined)
    throw new UserFacingError(`found "${wrong.join('=')}"; expected <part of a model name>=<model that it is like>`);
  if (pairs.length > KNOWN_MODELS_MAX)
    throw new UserFacingError(`found ${pairs.length} pairs; expected at most ${KNOWN_MODELS_MAX}`);
  return new Map(pairs as [string, string][]);
}
