import { posix } from 'node:path';
import type { EndpointPrefixes } from '../../../shared/endpoint-prefixes.js';
import { batches } from './batches.js';
import { audioTranslations } from './audio-translations.js';
import { chatCompletions } from './chat-completions.js';
import { completions } from './completions.js';
import { countTokens } from './count-tokens.js';
import { embeddings } from './embeddings.js';
import type { Endpoint } from './endpoint.js';
import { files } from './files.js';
import { imagesEdits } from './images-edits.js';
import { imagesGenerations } from './images-generations.js';
import { imagesVariations } from './images-variations.js';
import { inputTokens } from './input-tokens.js';
import { managedAgents } from './managed-agents.js';
import { messageBatches } from './message-batches.js';
import { messages } from './messages.js';
import type { PassedEndpoint, PassedPath } from './passed-endpoint.js';
import { realtime } from './realtime.js';
import { rerank } from './rerank.js';
import { moderations } from './moderations.js';
import { responses } from './responses.js';
import { storedResponses } from './stored-responses.js';
import { speech } from './speech.js';
import { transcriptions } from './transcriptions.js';
import { tokenize } from './tokenize.js';

/** What a path stands for: a generation endpoint, one whose bodies pass unseen, or a model list that the gateway has. */
export type PathTarget =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'passed'; readonly endpoint: PassedEndpoint; readonly path: PassedPath }
  | { readonly kind: 'models'; readonly dialect: 'openai' | 'anthropic' };

export interface EndpointTable {
  /** By the whole path without query. */
  readonly exact: ReadonlyMap<string, PathTarget>;
  /** Paths with ids. */
  readonly patterns: readonly PathPattern[];
}

export interface PathPattern {
  /** Of the whole path; an `{id}` among them stands for any plain segment. */
  readonly segments: readonly string[];
  readonly target: PathTarget;
}

/** What a path of a client names. */
export interface FoundTarget {
  readonly target: PathTarget;
  /** Behind the path of a model list: `/v1/models/<model>`. */
  readonly model?: string;
  /** Of a passed endpoint: the path below the vendor prefix with the client's ids, begins with `/v1/`. */
  readonly path?: string;
}

/** All endpoints that reach a backend. */
export const ENDPOINTS: readonly Endpoint[] = [
  chatCompletions,
  completions,
  embeddings,
  responses,
  inputTokens,
  imagesGenerations,
  imagesEdits,
  imagesVariations,
  speech,
  transcriptions,
  audioTranslations,
  moderations,
  messages,
  countTokens,
  rerank,
  tokenize,
];
/** All endpoints that reach a backend without a look at their bodies. */
export const PASSED_ENDPOINTS: readonly PassedEndpoint[] = [
  storedResponses,
  files,
  batches,
  messageBatches,
  managedAgents,
  realtime,
];
const MODELS_PATH = '/v1/models';
/** Served without their vendor's prefix too: clients of Anthropic's API cannot always be told one (translators.md G35). */
const UNPREFIXED: readonly Endpoint[] = [messages, countTokens];
const UNPREFIXED_PASSED: readonly PassedEndpoint[] = [messageBatches];

/**
 * All paths that are served: `<rootPrefix><vendorPrefix><path>`, matched exactly but for ids. Where two vendors share a
 * prefix, the later registration wins (Anthropic's model list after OpenAI's). Aliases come last and take no path from
 * another one. @see spec extproc.md section 10
 */
export function buildEndpointTable(rootPrefix: string, prefixes: EndpointPrefixes): EndpointTable {
  const join = (vendor: keyof EndpointPrefixes, path: string) => posix.join('/', rootPrefix, prefixes[vendor], path);
  const all = new Map<string, PathTarget>();
  for (const endpoint of ENDPOINTS) all.set(join(endpoint.vendor, endpoint.path), { kind: 'endpoint', endpoint });
  for (const endpoint of PASSED_ENDPOINTS) {
    for (const path of endpoint.paths) all.set(join(endpoint.vendor, path.path), { kind: 'passed', endpoint, path });
  }
  for (const dialect of ['openai', 'anthropic'] as const) {
    all.set(join(dialect, MODELS_PATH), { kind: 'models', dialect });
  }
  const addAlias = (path: string, target: PathTarget) => {
    const alias = posix.join('/', rootPrefix, path);
    if (!all.has(alias)) all.set(alias, target);
  };
  addAlias(MODELS_PATH, { kind: 'models', dialect: 'anthropic' });
  for (const endpoint of UNPREFIXED) addAlias(endpoint.path, { kind: 'endpoint', endpoint });
  for (const endpoint of UNPREFIXED_PASSED) {
    for (const path of endpoint.paths) addAlias(path.path, { kind: 'passed', endpoint, path });
  }
  const isPattern = ([path]: readonly [string, PathTarget]) => path.includes(ID);
  return {
    exact: new Map([...all].filter((entry) => !isPattern(entry))),
    patterns: [...all].filter(isPattern).map(([path, target]) => ({ segments: path.split('/'), target })),
  };
}

/** All that are served, with `{id}` where an id stands. */
export const pathsOf = ({ exact, patterns }: EndpointTable): readonly string[] => [
  ...exact.keys(),
  ...patterns.map(({ segments }) => segments.join('/')),
];

/** What a path stands for. Exact paths win over those with ids. */
export function findTarget(table: EndpointTable, path: string): FoundTarget | undefined {
  const plain = pathWithoutQuery(path);
  const target = table.exact.get(plain) ?? matched(table, plain);
  if (target?.kind === 'passed') return { target, path: belowPrefix(plain, target.path) };
  if (target !== undefined) return { target };
  // Names of models may hold slashes, as they are or encoded.
  const at = plain.indexOf(`${MODELS_PATH}/`);
  const list = at === -1 ? undefined : table.exact.get(plain.slice(0, at + MODELS_PATH.length));
  const model = decoded(plain.slice(at + MODELS_PATH.length + 1));
  return list?.kind === 'models' && model ? { target: list, model } : undefined;
}

const ID = '{id}';

/** One segment that means the same in every place: nothing encoded, no dot segment, and short enough for any log. */
const PLAIN_SEGMENT = /^[A-Za-z0-9_][\w.:=~-]{0,255}$/;

function matched({ patterns }: EndpointTable, plain: string): PathTarget | undefined {
  const segments = plain.split('/', SEGMENTS_MAX);
  return patterns.find((pattern) => isMatch(pattern.segments, segments))?.target;
}

/** More than any pattern has, whatever its prefixes. */
const SEGMENTS_MAX = 64;

function isMatch(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((expected, index) => {
    const found = segments[index]!;
    return expected === ID ? PLAIN_SEGMENT.test(found) : expected === found;
  });
}

/** Has as many segments at its end as the path that it matched. */
function belowPrefix(plain: string, { path }: PassedPath): string {
  const count = path.split('/').length - 1;
  return `/${plain.split('/').slice(-count).join('/')}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `:path` without its query. */
export function pathWithoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}
