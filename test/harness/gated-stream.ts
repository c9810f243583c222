import type { BodyStep } from './answers.js';
import { chunked, gated } from './answers.js';
import { newCase } from './case-id.js';
import { minimalCall } from './cell.js';
import type { CellName } from './cell-kind.js';
import { pathOf } from './client-dialect.js';
import type { Gate } from './gate.js';
import type { OpenResponse } from './http-client.js';
import type { World } from './world.js';

/** A stream under way, and what holds its provider up. */
export interface GatedStream {
  readonly response: OpenResponse;
  readonly gates: readonly Gate[];
  readonly caseId: string;
}

/** Opens a stream whose provider sends these parts, each but the first when its gate opens. */
export async function openGated(
  world: World<'provider'>,
  cell: CellName,
  parts: readonly (string | Uint8Array)[],
  headers: Readonly<Record<string, string>> = {},
): Promise<GatedStream> {
  const { body, gates } = gated(parts);
  return { ...(await openStream(world, cell, body, headers)), gates };
}

/** Opens a stream whose provider sends these steps. */
export async function openStream(
  { gateway, upstreams }: World<'provider'>,
  [endpoint, schema]: CellName,
  steps: Iterable<BodyStep> | AsyncIterable<BodyStep>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly response: OpenResponse; readonly caseId: string }> {
  const caseId = newCase('stream');
  upstreams.provider.script(caseId, chunked(steps, headers));
  const call = minimalCall(endpoint, schema, true);
  const response = await gateway.open(pathOf(endpoint), { caseId, body: call.body, headers: { ...call.headers } });
  return { response, caseId };
}
