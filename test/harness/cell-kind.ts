import type { EndpointName } from '../../src/modules/extproc/endpoints/endpoint.js';
import type { SchemaName } from '../../src/shared/filter-config/filter-config.js';
import { CELLS, endpointNamed, minimalCall, startCell } from './cell.js';

export type CellName = readonly [EndpointName, SchemaName];

/** True when the cell rewrites good answers, false when they go through as they are. */
export const translates = ([endpoint, schema]: CellName, isStreaming = false): boolean =>
  startCell(endpoint, schema, minimalCall(endpoint, 'm', isStreaming)).kind === 'translating';

export const takesForm = ([endpoint]: CellName): boolean =>
  minimalCall(endpoint).headers?.['content-type']?.startsWith('multipart/') === true;

/** Cells of endpoints that can stream, whose provider answers with whole images: they refuse to be asked for a stream. */
export const NEVER_STREAM: readonly CellName[] = [
  ['images-generations', 'AWSBedrock'],
  ['images-generations', 'GCPVertexAI'],
];

/** Cells of endpoints that can be asked for a stream, but for those that refuse it. */
export const STREAMING_CELLS: readonly CellName[] = CELLS.filter(([endpoint, schema]) => {
  if (NEVER_STREAM.some(([ofEndpoint, ofSchema]) => endpoint === ofEndpoint && schema === ofSchema)) return false;
  const { body, headers } = minimalCall(endpoint, 'm', true);
  const context = { contentType: headers?.['content-type'], forcesUsage: false };
  return endpointNamed(endpoint).parse(Buffer.from(body), context).isStreaming;
});
