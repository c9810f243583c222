/** Names of Envoy's own, `warning` among them. */
export interface LogLevels {
  /** Of all components that are not named. */
  readonly standard: string;
  readonly components: Readonly<Record<string, string>>;
}

/** Components that print credentials at level debug; `router` does so too (spec ops.md A1 names the others). */
const TALKATIVE = { http: 'info', ext_proc: 'info', router: 'info' };
/** Levels at which the component `config` still says why an update was refused. */
const TELLS_REASONS = ['trace', 'debug', 'info', 'warning'];

/** The levels that an EnvoyProxy asks for (`default` and components); `isDebug` wins over its default. */
export function logLevels(asked: Readonly<Record<string, string>>, isDebug: boolean): LogLevels {
  const { default: standard = 'error', ...components } = Object.fromEntries(
    Object.entries(asked).map(([component, level]) => [component, level === 'warn' ? 'warning' : level]),
  );
  const level = isDebug ? 'debug' : standard;
  const isOpen = level === 'debug' || level === 'trace';
  const all: Readonly<Record<string, string>> = { ...(isOpen ? TALKATIVE : {}), ...components };
  const config = all['config'] ?? level;
  return { standard: level, components: { ...all, config: TELLS_REASONS.includes(config) ? config : 'warning' } };
}

/** `http:info,config:warning`, as Envoy's command line and admin interface take it. */
export const componentList = ({ components }: LogLevels): string =>
  Object.entries(components)
    .map(([component, level]) => `${component}:${level}`)
    .join(',');
