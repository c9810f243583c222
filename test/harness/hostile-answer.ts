import { expect } from '@jest/globals';
import type { EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import type { Answer } from './answers.js';
import { newCase } from './case-id.js';
import { minimalCall } from './cell.js';
import type { CellName } from './cell-kind.js';
import { pathOf } from './client-dialect.js';
import { servesOn } from './hostile-request.js';
import { inParallel } from './in-parallel.js';
import { responsesAnswer, storyAnswer } from './provider-answers.js';
import type { World } from './world.js';

/** What a client sees of an answer, and what the gateway notes of it. */
export interface Seen {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly text: string;
  /** False when the connection broke. */
  readonly isComplete: boolean;
  /** How it broke. */
  readonly cause: string | undefined;
  /** Of the access log. */
  readonly errorType: unknown;
  readonly details: string | null;
}

/** Asks a cell whose provider gives this answer. */
export async function askAnswering(
  { gateway, upstreams }: World<'provider'>,
  [endpoint, schema]: CellName,
  answer: Answer,
  isStreaming = false,
): Promise<Seen> {
  const caseId = newCase(endpoint);
  upstreams.provider.script(caseId, answer);
  const { body, headers } = minimalCall(endpoint, schema, isStreaming);
  const response = await gateway.open(pathOf(endpoint), { caseId, body, headers: { ...headers } });
  const { received, isComplete, cause } = await response.rest();
  const { ai, details } = await gateway.envoy.accessLog.entry(caseId);
  const bytes = Buffer.from(received, 'latin1');
  return {
    status: response.status,
    contentType: response.headers['content-type'],
    body: bytes,
    text: bytes.toString('utf8'),
    isComplete,
    cause,
    errorType: ai?.['error_type'],
    details,
  };
}

const DURATION = 'gen_ai_server_request_duration_seconds_count';

/**
 * Has the providers of all these cells answer; tells what went wrong: what `check` says of an answer, and a count of failures
 * in the metrics that is another one than the access log's. Checks that the gateway serves on.
 */
export async function answerFaults(
  world: World<'provider'>,
  cells: readonly CellName[],
  answerOf: (cell: CellName) => Answer | Promise<Answer>,
  check: (cell: CellName, seen: Seen) => string,
  isStreaming = false,
): Promise<readonly string[]> {
  const failures = async () => (await world.gateway.extproc.metrics()).sum(DURATION, { error_type: '_OTHER' });
  const before = await failures();
  let failed = 0;
  const faults = await inParallel(cells, async (cell) => {
    const seen = await askAnswering(world, cell, await answerOf(cell), isStreaming);
    if (seen.errorType !== undefined) failed += 1;
    const fault = check(cell, seen);
    return fault && `${cell.join(' → ')} ${fault}: ${seen.status} ${seen.text.slice(-300)}`;
  });
  await servesOn(world);
  expect((await failures()) - before).toBe(failed);
  return faults.filter((fault) => fault !== '');
}

/** All bytes of a scripted body. */
export async function bodyOf(answer: Answer): Promise<Buffer> {
  if (answer.kind !== 'respond') throw new Error('expected an answer with a body');
  const steps: Buffer[] = [];
  for await (const step of answer.body)
    if (typeof step === 'string' || step instanceof Uint8Array) steps.push(Buffer.from(step));
  return Buffer.concat(steps);
}

/** Good bytes of a provider's whole answer, as small as they may be but for chats. */
export async function goodBody([endpoint, schema]: CellName): Promise<Buffer> {
  switch (endpoint) {
    case 'chat-completions':
    case 'messages':
      return bodyOf(storyAnswer(schema, false));
    case 'responses':
      return bodyOf(isOpenAI(schema) ? responsesAnswer(false) : storyAnswer(schema, false));
    default:
      return Buffer.from(JSON.stringify(SMALL_ANSWERS[endpoint]?.[schema] ?? COUNTS));
  }
}

/** Good bytes of a provider's streamed chat. */
export const goodStream = async ([endpoint, schema]: CellName): Promise<Buffer> =>
  bodyOf(endpoint === 'responses' && isOpenAI(schema) ? responsesAnswer(true) : storyAnswer(schema, true));

const isOpenAI = (schema: SchemaName) => schema === 'OpenAI' || schema === 'AzureOpenAI';
const COUNTS = { id: 'x', inputTokens: 11, input_tokens: 11, totalTokens: 11 };
const SMALL_ANSWERS: Readonly<Partial<Record<EndpointName, Readonly<Partial<Record<SchemaName, object>>>>>> = {
  embeddings: {
    AWSBedrock: { embedding: [0.5], inputTextTokenCount: 7 },
    GCPVertexAI: { embedding: { values: [0.5] } },
    Cohere: { id: 'e', embeddings: { float: [[0.5]] } },
  },
  'images-generations': {
    AWSBedrock: { images: ['AAAA'] },
    GCPVertexAI: { candidates: [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] } }] },
  },
  rerank: {
    AWSBedrock: { results: [{ index: 0, relevance_score: 0.5 }] },
    // The first id is the one that is spoilt: an index that is no number is no answer.
    GCPVertexAI: { id: 'x', records: [{ id: '0', score: 0.5 }] },
  },
};
