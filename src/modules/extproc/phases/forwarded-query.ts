import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import type { Exchange } from '../translators/translator.js';

/** Schemas whose providers take query parameters of clients; the others' queries are the gateway's own business. */
const TAKES_QUERY: ReadonlySet<SchemaName> = new Set(['OpenAI', 'Anthropic']);

/** Credentials of clients by their usual names, and what the schema decides. */
const WITHHELD =
  /^(?:api[-_]?version|(?:x[-_])?api[-_]?key|key|(?:access|auth|id|refresh|session)?[-_]?token|auth(?:orization)?|sig(?:nature)?|(?:client[-_]?)?secret|password|code|x-amz-.*|x-goog-.*)$/i;

/** RFC 3986, 3.4, and brackets as clients write them in `include[]=`; anything else would have to be encoded anew. */
const SAFE = /^[\w.~%!$'()*+,;:@/?=[\]-]*$/;

/** Characters of a query that goes on. */
const QUERY_LENGTH_MAX = 2048;

/**
 * The path of an attempt with the client's query parameters behind it, where client and provider speak the same dialect:
 * `?beta=true` of Anthropic's clients means something to Anthropic. Parameters that may be credentials stay here, as does a
 * query that is malformed or too long. @see spec translators.md G41
 */
export function pathWithQuery(exchange: Exchange, schema: SchemaName, clientPath: string): string {
  const { path } = exchange.request;
  if (exchange.kind !== 'observing' || !TAKES_QUERY.has(schema) || path.includes('?')) return path;
  return joined(path, keptParameters(clientPath));
}

/**
 * As {@link pathWithQuery} for what passes unseen, also behind a query of the cell, whose names are the cell's alone. `model`
 * was for the gateway, and `deployment` is Azure's word for it. Some providers read names without case.
 */
export function passedPathWithQuery(path: string, clientPath: string): string {
  const taken = ['model', 'deployment', ...parametersOf(path).map(nameOf)];
  return joined(
    path,
    keptParameters(clientPath).filter((pair) => !taken.includes(nameOf(pair).toLowerCase())),
  );
}

/** True when the client's query has a parameter of this lower-case name, however it is spelt. */
export const hasParameter = (clientPath: string, name: string): boolean =>
  parametersOf(clientPath).some((pair) => nameOf(pair).toLowerCase() === name);

const joined = (path: string, kept: readonly string[]) =>
  kept.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${kept.join('&')}`;

function keptParameters(clientPath: string): readonly string[] {
  const pairs = parametersOf(clientPath);
  if (pairs.join('&').length > QUERY_LENGTH_MAX) return [];
  return pairs.filter((pair) => pair !== '' && SAFE.test(pair) && !WITHHELD.test(nameOf(pair)));
}

function parametersOf(path: string): readonly string[] {
  const question = path.indexOf('?');
  return question === -1 ? [] : path.slice(question + 1).split('&');
}

/** Decoded, so that no spelling hides a name; what does not decode is treated as a credential. */
function nameOf(pair: string): string {
  try {
    return decodeURIComponent(pair.split('=', 1)[0]!);
  } catch {
    return 'key';
  }
}
