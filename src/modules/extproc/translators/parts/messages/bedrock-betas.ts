import { readJson, scanObject } from '../../../codec/json-scan.js';
import type { TranslatorInput } from '../../translator.js';

/** Bedrock's name for what Anthropic calls otherwise. */
const ALIASES: ReadonlyMap<string, string> = new Map([['advanced-tool-use-2025-11-20', 'tool-search-tool-2025-10-19']]);

/** Betas that Bedrock takes; one that it does not know makes it refuse the request. @see spec translators.md 11.3 */
const ALLOWED: ReadonlySet<string> = new Set([
  'computer-use-2024-10-22',
  'computer-use-2025-01-24',
  'context-1m-2025-08-07',
  'context-management-2025-06-27',
  'dev-full-thinking-2025-05-14',
  'fine-grained-tool-streaming-2025-05-14',
  'interleaved-thinking-2025-05-14',
  'mcp-client-2025-04-04',
  'mcp-client-2025-11-20',
  'model-context-window-exceeded-2025-08-26',
  'output-128k-2025-02-19',
  'pdfs-2024-09-25',
  'search-results-2025-06-09',
  'token-counting-2024-11-01',
  'token-efficient-tools-2025-02-19',
  'tool-search-tool-2025-10-19',
  'web-search-2025-03-05',
]);

/**
 * What the client's `anthropic-beta` header becomes in a body for Bedrock: `anthropic_beta` as JSON text, behind what the
 * body has already; no member when the header names nothing that Bedrock takes, so that the body keeps its own.
 */
export function bedrockBetas({ headers, request }: TranslatorInput): { readonly anthropic_beta?: string } {
  const named = (headers.get('anthropic-beta') ?? '').split(',').map((name) => name.trim());
  const betas = named.map((name) => ALIASES.get(name) ?? name).filter((name) => ALLOWED.has(name));
  if (betas.length === 0) return {};
  return { anthropic_beta: JSON.stringify([...new Set([...betasOf(request.body), ...betas])]) };
}

function betasOf(body: Uint8Array): readonly unknown[] {
  const range = scanObject(body, ['anthropic_beta']).get('anthropic_beta')?.at(-1);
  const value = range && readJson(body, range);
  return Array.isArray(value) ? value : [];
}
