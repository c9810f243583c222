import { posix } from 'node:path';
import type { EndpointPrefixes } from '../../../shared/endpoint-prefixes.js';
import { audioTranslations } from './audio-translations.js';
import { chatCompletions } from './chat-completions.js';
import { completions } from './completions.js';
import { countTokens } from './count-tokens.js';
import { embeddings } from './embeddings.js';
import type { Endpoint } from './endpoint.js';
import { imagesEdits } from './images-edits.js';
import { imagesGenerations } from './images-generations.js';
import { imagesVariations } from './images-variations.js';
import { inputTokens } from './input-tokens.js';
import { messages } from './messages.js';
import { rerank } from './rerank.js';
import { moderations } from './moderations.js';
import { responses } from './responses.js';
import { speech } from './speech.js';
import { transcriptions } from './transcriptions.js';
import { tokenize } from './tokenize.js';

/** What a path stands for: a generation endpoint, or a model list answered by the gateway itself. */
export type PathTarget =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'models'; readonly dialect: 'openai' | 'anthropic' };

export type EndpointTable = ReadonlyMap<string, PathTarget>;

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
const MODELS_PATH = '/v1/models';
/** Served without their vendor's prefix too: clients of Anthropic's API cannot always be told one (translators.md G35). */
const UNPREFIXED: readonly Endpoint[] = [messages, countTokens];

/**
 * All paths that are served: `<rootPrefix><vendorPrefix><path>`, matched exactly. Where two vendors share a prefix, the
 * later registration wins (Anthropic's model list after OpenAI's). Aliases come last and take no path from another one.
 * @see spec extproc.md section 10
 */
export function buildEndpointTable(rootPrefix: string, prefixes: EndpointPrefixes): EndpointTable {
  const join = (vendor: keyof EndpointPrefixes, path: string) => posix.join('/', rootPrefix, prefixes[vendor], path);
  const table = new Map<string, PathTarget>();
  for (const endpoint of ENDPOINTS) table.set(join(endpoint.vendor, endpoint.path), { kind: 'endpoint', endpoint });
  for (const dialect of ['openai', 'anthropic'] as const) {
    table.set(join(dialect, MODELS_PATH), { kind: 'models', dialect });
  }
  for (const endpoint of UNPREFIXED) {
    const alias = posix.join('/', rootPrefix, endpoint.path);
    if (!table.has(alias)) table.set(alias, { kind: 'endpoint', endpoint });
  }
  return table;
}

/** What a path stands for, and the model that it names behind the path of a model list: `/v1/models/<model>`. */
export function findTarget(
  table: EndpointTable,
  path: string,
): { readonly target: PathTarget; readonly model?: string } | undefined {
  const plain = pathWithoutQuery(path);
  const target = table.get(plain);
  if (target !== undefined) return { target };
  // Names of models may hold slashes, as they are or encoded.
  const at = plain.indexOf(`${MODELS_PATH}/`);
  const list = at === -1 ? undefined : table.get(plain.slice(0, at + MODELS_PATH.length));
  const model = decoded(plain.slice(at + MODELS_PATH.length + 1));
  return list?.kind === 'models' && model ? { target: list, model } : undefined;
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
