import { expect } from '@jest/globals';
import type { EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import { json, whole } from './answers.js';
import { newCase } from './case-id.js';
import { minimalCall } from './cell.js';
import { translates, type CellName } from './cell-kind.js';
import { errorFault, pathOf } from './client-dialect.js';
import { inParallel } from './in-parallel.js';
import type { World } from './world.js';

/** Refuses whatever gets through, so that every answer is an error, which the client must be able to read. */
const REFUSAL = whole(422, 'seen by the provider', { 'content-type': 'text/plain' });

/** What is to become of a request: `refused` by us, `sent` to the provider, or one of both. */
export type Fate = 'refused' | 'sent' | 'either';
export type Body = string | Uint8Array;

export interface Outcome {
  /** What is wrong with the answer; '' for nothing. */
  readonly fault: string;
  readonly status: number;
  readonly text: string;
  /** What the provider got. */
  readonly sent: Buffer | undefined;
}

/** Sends a request to a cell whose provider refuses it. */
export async function askRefusing(
  { gateway, upstreams }: World<'provider'>,
  [endpoint, schema]: CellName,
  body: Body,
  contentType?: string,
): Promise<Outcome> {
  const caseId = newCase(endpoint);
  upstreams.provider.script(caseId, REFUSAL);
  const headers = contentType === undefined ? minimalCall(endpoint, schema).headers : { 'content-type': contentType };
  const { status, text } = await gateway.send(pathOf(endpoint), { caseId, body, headers: { ...headers } });
  const sent = upstreams.provider.requests(caseId)[0]?.body;
  const { details } = await gateway.envoy.accessLog.entry(caseId);
  return { fault: faultOf(endpoint, status, text, sent, details ?? ''), status, text, sent };
}

function faultOf(endpoint: EndpointName, status: number, text: string, sent: unknown, details: string): string {
  if (status < 400 || status > 499) return `has status ${status}`;
  if (sent === undefined)
    return /^aigw_(?:bad_request|unprocessable)$/.test(details) ? (errorFault(endpoint, text) ?? '') : details;
  // The reference leaves errors of completions alone.
  return endpoint === 'completions' && text === 'seen by the provider' ? '' : (errorFault(endpoint, text) ?? '');
}

/** Sends a request to each of the cells; tells what went wrong, and checks that the gateway serves on. */
export async function requestFaults(
  world: World<'provider'>,
  cells: readonly CellName[],
  bodyOf: (cell: CellName, text: string) => Body,
  check: (cell: CellName, outcome: Outcome) => string,
  contentType?: string,
): Promise<readonly string[]> {
  const faults = await inParallel(cells, async (cell) => {
    const outcome = await askRefusing(
      world,
      cell,
      bodyOf(cell, minimalCall(cell[0], cell[1]).body as string),
      contentType,
    );
    const fault = outcome.fault || check(cell, outcome);
    return fault && `${cell.join(' → ')} ${fault}: ${outcome.text.slice(0, 200)}`;
  });
  await servesOn(world);
  return faults.filter((fault) => fault !== '');
}

/** The same process answers a good request as if nothing had been. */
export async function servesOn({ gateway, upstreams }: World<'provider'>): Promise<void> {
  const caseId = newCase('after');
  upstreams.provider.script(caseId, json({ model: 'm' }));
  const { status } = await gateway.send('/v1/chat/completions', { caseId, body: { model: 'OpenAI' } });
  expect([status, gateway.extproc.process.end]).toEqual([200, undefined]);
}

/** These cells wrap the client's body, whatever it says. */
const wraps = ([endpoint, schema]: CellName) => endpoint === 'count-tokens' && schema.startsWith('AWS');
/** True when the provider gets a body that we wrote. */
export const rewrites = (cell: CellName) => translates(cell) && !wraps(cell);
export const fateFault = (fate: Fate, { sent }: Outcome) =>
  fate === 'either' || (fate === 'sent') === (sent !== undefined) ? '' : `is not ${fate}`;

/** A body that we wrote is JSON in UTF-8. */
export function sentFault({ sent }: Outcome): string {
  if (sent === undefined) return '';
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(sent));
    return '';
  } catch (error) {
    return `sends what is no JSON (${String(error)})`;
  }
}
