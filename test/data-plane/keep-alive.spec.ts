import { describe, expect, it } from '@jest/globals';
import { chunked, gated } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { minimalCall } from '../harness/cell.js';
import type { CellName } from '../harness/cell-kind.js';
import { pathOf, readClientStream } from '../harness/client-dialect.js';
import { goodStream } from '../harness/hostile-answer.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema();

const PING = 'event: ping\ndata: {"type":"ping"}\n\n';

/** Opens a stream whose provider sends these parts, each but the first when its gate opens. */
async function opened([endpoint, schema]: CellName, parts: readonly (string | Uint8Array)[]) {
  const { gateway, upstreams } = world;
  const caseId = newCase('alive');
  const { body: steps, gates } = gated(parts);
  upstreams.provider.script(caseId, chunked(steps));
  const { body, headers } = minimalCall(endpoint, schema, true);
  return { response: await gateway.open(pathOf(endpoint), { caseId, body, headers: { ...headers } }), gates, caseId };
}

const failuresOf = async (caseId: string) => (await world.gateway.envoy.accessLog.entry(caseId)).ai?.['error_type'];

const blocksOf = (text: string) => text.split('\n\n').length;

/** Decision 19: what a provider sends is all that a client hears. */
describe('G45: a translated stream whose provider thinks', () => {
  it.each<CellName>([
    ['chat-completions', 'Anthropic'],
    ['chat-completions', 'GCPAnthropic'],
    ['responses', 'Anthropic'],
  ])("is kept alive by each of the provider's pings: %s → %s", async (...cell) => {
    const bytes = await goodStream(cell);
    const start = bytes.indexOf('\n\n') + 2;
    const parts = [bytes.subarray(0, start), PING, PING, bytes.subarray(start)];
    const { response, gates, caseId } = await opened(cell, parts);
    gates[0]!.open();
    await response.until('\n\n');
    for (const gate of gates) gate.open();
    const { received, isComplete } = await response.rest();
    // A comment, or a chunk that says nothing.
    const silent = await opened(cell, [bytes]);
    const plain = await silent.response.rest();
    expect(blocksOf(received) - blocksOf(plain.received)).toBe(2);
    expect([isComplete, readClientStream(cell[0], received).fault]).toEqual([true, undefined]);
    expect(await failuresOf(caseId)).toBeUndefined();
  });

  it.each<CellName>([
    ['chat-completions', 'GCPVertexAI'],
    ['messages', 'OpenAI'],
  ])('is neither ended nor refused when it says nothing: %s → %s', async (...cell) => {
    const { response, gates, caseId } = await opened(cell, ['', await goodStream(cell)]);
    // The head is the client's before the provider has said a word.
    expect([response.status, response.headers['content-type']]).toEqual([200, 'text/event-stream']);
    gates[0]!.open();
    const { received, isComplete } = await response.rest();
    expect([isComplete, readClientStream(cell[0], received)]).toMatchObject([
      true,
      { fault: undefined, hasError: false },
    ]);
    expect(await failuresOf(caseId)).toBeUndefined();
  });
});
