import { expect, it } from '@jest/globals';
import type { HTTPRoute } from '../../../shared/api/http-route.js';
import { ChangedHTTPRoutes } from './changed-http-routes.js';

const httpRoute = (hostname: string): HTTPRoute => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'llm', namespace: 'default' },
  spec: { hostnames: [hostname] },
});

it('tells a change once, and only of a route that it knows', () => {
  const changed = new ChangedHTTPRoutes();
  expect(changed.note('llm', [httpRoute('a')])).toBe(false);
  expect(changed.note('llm', [httpRoute('a')])).toBe(false);
  const annotated = httpRoute('a');
  const metadata = { ...annotated.metadata, annotations: { translate: 'again' } };
  expect(changed.note('llm', [{ ...annotated, metadata }])).toBe(false);
  expect(changed.note('llm', [httpRoute('b')])).toBe(true);
  expect(changed.note('llm', [httpRoute('b')])).toBe(false);
  expect(changed.note('llm', [httpRoute('b'), httpRoute('c')])).toBe(true);
  expect(changed.note('other', [httpRoute('c')])).toBe(false);
  changed.forget('llm');
  expect(changed.note('llm', [httpRoute('d')])).toBe(false);
});
