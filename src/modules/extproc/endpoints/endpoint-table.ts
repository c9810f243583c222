import { posix } from 'node:path';
import type { EndpointPrefixes } from '../../../shared/endpoint-prefixes.js';
import { chatCompletions } from './chat-completions.js';
import { completions } from './completions.js';
import { embeddings } from './embeddings.js';
import type { Endpoint } from './endpoint.js';
import { messages } from './messages.js';

/** What a path stands for: a generation endpoint, or a model list answered by the gateway itself. */
export type PathTarget =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'models'; readonly dialect: 'openai' | 'anthropic' };

export type EndpointTable = ReadonlyMap<string, PathTarget>;

/** All endpoints that reach a backend. */
export const ENDPOINTS: readonly Endpoint[] = [chatCompletions, completions, embeddings, messages];
const MODELS_PATH = '/v1/models';

/**
 * All paths that are served: `<rootPrefix><vendorPrefix><path>`, matched exactly. Where two vendors share a prefix, the
 * later registration wins (Anthropic's model list after OpenAI's). @see spec extproc.md section 10
 */
export function buildEndpointTable(rootPrefix: string, prefixes: EndpointPrefixes): EndpointTable {
  const join = (vendor: keyof EndpointPrefixes, path: string) => posix.join('/', rootPrefix, prefixes[vendor], path);
  const table = new Map<string, PathTarget>();
  for (const endpoint of ENDPOINTS) table.set(join(endpoint.vendor, endpoint.path), { kind: 'endpoint', endpoint });
  for (const dialect of ['openai', 'anthropic'] as const) {
    table.set(join(dialect, MODELS_PATH), { kind: 'models', dialect });
  }
  return table;
}

/** `:path` without its query. */
export function pathWithoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}
