import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { SchemaName } from '../../../shared/filter-config/filter-config.js';
import { checkGolden, goldenCases } from '../../../../test/harness/golden.js';
import { chatCompletions } from '../endpoints/chat-completions.js';
import { completions } from '../endpoints/completions.js';
import { embeddings } from '../endpoints/embeddings.js';
import type { EndpointName } from '../endpoints/endpoint.js';
import { messages } from '../endpoints/messages.js';
import { MATRIX } from './matrix.js';
import type { Exchange, Translator } from './translator.js';

const ENDPOINTS = { 'chat-completions': chatCompletions, completions, embeddings, messages };

/** A case file: what a client or a provider sends. */
interface Case {
  readonly kind: 'request' | 'whole' | 'stream' | 'error';
  readonly body: string;
  readonly modelNameOverride?: string;
  readonly forcesUsage?: boolean;
  readonly status?: number;
  readonly contentType?: string;
}

/** What each cell makes of it, as text. */
function outcome(endpoint: EndpointName, schema: SchemaName, translator: Translator, given: Case): unknown {
  const sent = given.kind === 'request' ? given.body : '{"model":"asked-for"}';
  const request = ENDPOINTS[endpoint].parse(Buffer.from(sent), {
    contentType: undefined,
    forcesUsage: given.forcesUsage ?? false,
  });
  const override = given.modelNameOverride ?? '';
  const exchange = translator.start({
    request,
    requestModel: override || request.model,
    hasModelOverride: override !== '',
    schema: { name: schema, prefix: 'v1', version: '2024-10-21' },
  });
  return shown(exchange, given, request.isRewritten ? request.body : undefined);
}

function shown(exchange: Exchange, given: Case, rewritten: Uint8Array | undefined): unknown {
  const body = Buffer.from(given.body);
  switch (given.kind) {
    case 'request':
      return {
        ...exchange.request,
        body: textOf(exchange.request.body ?? rewritten),
        fallbackModel: exchange.fallbackModel,
      };
    case 'whole':
    case 'stream': {
      const observer = exchange.observe(given.kind === 'stream');
      observer.push(body);
      const { isUsageFinal } = observer;
      observer.end();
      return { facts: observer.facts, isUsageFinalBeforeEnd: isUsageFinal, hasError: observer.hasError };
    }
    case 'error': {
      const answer = exchange.error(given.status!, given.contentType, body);
      return { ...answer, body: textOf(answer.body) };
    }
  }
}

const textOf = (body: Uint8Array | undefined) => (body ? Buffer.from(body).toString() : '(untouched)');

describe.each(Object.entries(MATRIX))('the cells of %s', (endpoint, row) => {
  const cases = goldenCases(fileURLToPath(new URL(`./testdata/${endpoint}`, import.meta.url)));
  const pairs = cases.flatMap((found) =>
    Object.entries(row).map(([schema, translator]) => [found.name, schema, found, translator] as const),
  );

  it.each(pairs)('do with %s → %s what the golden file says', (_, schema, found, translator) => {
    const given = parse(found.inputText) as Case;
    const result = outcome(endpoint as EndpointName, schema as SchemaName, translator, given);
    const text = `${JSON.stringify(result, undefined, 2)}\n`;
    expect(() => checkGolden(found.outputPath('json', schema), text)).not.toThrow();
  });
});
