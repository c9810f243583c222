import { describe, expect, it } from '@jest/globals';
import type { CellName } from '../harness/cell-kind.js';
import { readClientStream } from '../harness/client-dialect.js';
import { openGated } from '../harness/gated-stream.js';
import { goodStream } from '../harness/hostile-answer.js';
import { useBackendOfEachSchema } from '../harness/schema-backends.js';

const world = useBackendOfEachSchema();

const PING = 'event: ping\ndata: {"type":"ping"}\n\n';

const failuresOf = async (caseId: string) => (await world.gateway.envoy.accessLog.entry(caseId)).ai?.['error_type'];

const blocksOf = (text: string) => text.split('\n\n').length;

/** Decision 19: without `AIGW_STREAM_KEEPALIVE_INTERVAL`, what a provider sends is all that a client hears. */
describe('G45: a translated stream whose provider thinks', () => {
  it.each<CellName>([
    ['chat-completions', 'Anthropic'],
    ['chat-completions', 'GCPAnthropic'],
    ['responses', 'Anthropic'],
  ])("is kept alive by each of the provider's pings: %s → %s", async (...cell) => {
    const bytes = await goodStream(cell);
    const start = bytes.indexOf('\n\n') + 2;
    const parts = [bytes.subarray(0, start), PING, PING, bytes.subarray(start)];
    const { response, gates, caseId } = await openGated(world, cell, parts);
    gates[0]!.open();
    await response.until('\n\n');
    for (const gate of gates) gate.open();
    const { received, isComplete } = await response.rest();
    // A comment, or a chunk that says nothing.
    const silent = await openGated(world, cell, [bytes]);
    const plain = await silent.response.rest();
    expect(blocksOf(received) - blocksOf(plain.received)).toBe(2);
    expect([isComplete, readClientStream(cell[0], received).fault]).toEqual([true, undefined]);
    expect(await failuresOf(caseId)).toBeUndefined();
  });

  it.each<CellName>([
    ['chat-completions', 'GCPVertexAI'],
    ['messages', 'OpenAI'],
  ])('is neither ended nor refused when it says nothing: %s → %s', async (...cell) => {
    const { response, gates, caseId } = await openGated(world, cell, ['', await goodStream(cell)]);
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
