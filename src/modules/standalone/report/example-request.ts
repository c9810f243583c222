import type { RouteSummary, Summary } from './summary.js';

interface Dialect {
  readonly path: string;
  /** For routes that match by regular expression only; a name that the providers have had for long. */
  readonly model: string;
  readonly headers: readonly string[];
  readonly body: object;
}

const messages = [{ role: 'user', content: 'Hello!' }];
const OPENAI: Dialect = { path: '/v1/chat/completions', model: 'gpt-4o-mini', headers: [], body: { messages } };
/** Providers of Claude are asked in the dialect that all of them have. */
const ANTHROPIC: Dialect = {
  path: '/anthropic/v1/messages',
  model: 'claude-sonnet-4-5',
  // Anthropic refuses requests without it. @see https://docs.anthropic.com/en/api/versioning
  headers: ['anthropic-version: 2023-06-01'],
  body: { max_tokens: 100, messages },
};
const isOfAnthropic = (schema: string | undefined): boolean => schema?.endsWith('Anthropic') === true;

const isExact = (model: string): boolean => !/^\/.*\/$/s.test(model);

/** One command that gets an answer from the first listener; undefined when there is no route to try. */
export function exampleRequest(summary: Summary): string | undefined {
  const listener = summary.listeners.find((one) => one.protocol === 'HTTP') ?? summary.listeners[0];
  const route = summary.routes.find(({ models }) => models.some(isExact)) ?? summary.routes[0];
  if (!listener || !route) return undefined;
  const dialect = dialectOf(summary, route);
  const host = (route.hostnames[0] ?? listener.hostname)?.replace(/^\*\./, 'any.');
  const isTls = listener.protocol === 'HTTPS';
  // The name must reach the TLS handshake too, not only the request.
  const origin = `${host ?? 'localhost'}:${listener.port}`;
  const body = JSON.stringify({ model: route.models.find(isExact) ?? dialect.model, ...dialect.body });
  return [
    'curl -s',
    ...(isTls ? ['-k'] : []),
    ...(host ? [`--connect-to ${origin}:localhost:${listener.port}`] : []),
    `${isTls ? 'https' : 'http'}://${origin}${dialect.path}`,
    ...['content-type: application/json', ...dialect.headers].map((header) => `-H '${header}'`),
    `-d '${body.replaceAll("'", String.raw`'\''`)}'`,
  ].join(' ');
}

function dialectOf({ backends }: Summary, route: RouteSummary): Dialect {
  const schemas = route.backends.map((name) => backends.find((backend) => backend.name === name)?.schema);
  return schemas.length > 0 && schemas.every(isOfAnthropic) ? ANTHROPIC : OPENAI;
}
