import { expect, it } from '@jest/globals';
import { SCHEMA_NAMES } from '../../../shared/filter-config/filter-config.js';
import { KEPT_BY_PROVIDER, SERVED_ENDPOINTS } from '../../../shared/served-endpoints.js';
import { PASSED_ENDPOINTS } from '../endpoints/endpoint-table.js';
import { MATRIX } from './matrix.js';

/** The table is kept apart because the control plane never loads translators. Add or drop the pair there. */
it.each(SCHEMA_NAMES)('the table of the control plane names the endpoints of the data plane for %s', (schema) => {
  const translated = Object.entries(MATRIX).flatMap(([endpoint, row]) => (schema in row ? [endpoint] : []));
  const passed = PASSED_ENDPOINTS.flatMap(({ name, cells }) => (schema in cells ? [name] : []));
  expect([...SERVED_ENDPOINTS[schema]].sort()).toEqual([...translated, ...passed].sort());
});

it('the table of the control plane names the endpoints that routes have to allow', () => {
  const kept = PASSED_ENDPOINTS.filter(({ isKeptByProvider }) => isKeptByProvider).map(({ name }) => name);
  expect([...KEPT_BY_PROVIDER].sort()).toEqual(kept.sort());
});
