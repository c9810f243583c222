import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { KubeObject } from './kube-object.js';
import { originOf, partAnnotations, partName } from './route-parts.js';
import { snapshotOf } from './snapshot.js';

const aiRoute = (name: string): KubeObject => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: { namespace: 'ns', name },
});
const httpRoute = (name: string, annotations?: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { namespace: 'ns', name, ...(annotations ? { annotations } : {}) },
});
const origin = (route: string, ruleIndex: number, ...objects: KubeObject[]) => {
  const found = originOf({ namespace: 'ns', route, ruleIndex }, snapshotOf(objects));
  return `${found.namespace}/${found.route}/${found.ruleIndex}`;
};

describe('originOf', () => {
  it('is the rule itself for the first HTTPRoute of a route', () => {
    expect(origin('llm', 3, aiRoute('llm'), httpRoute('llm'))).toBe('ns/llm/3');
  });

  it('follows the annotations of a part, whatever its name', () => {
    expect(origin('anything', 2, aiRoute('llm'), httpRoute('anything', partAnnotations('llm', 9)))).toBe('ns/llm/11');
  });

  it('prefers annotations to an AIGatewayRoute of the same name', () => {
    expect(origin('b', 0, aiRoute('llm'), aiRoute('b'), httpRoute('b', partAnnotations('llm', 4)))).toBe('ns/llm/4');
  });

  it('reads the name of a part whose HTTPRoute is not known yet', () => {
    expect(origin(partName('llm', 2, 9), 1, aiRoute('llm'))).toBe('ns/llm/10');
  });

  it('prefers an AIGatewayRoute to reading its name', () => {
    const name = partName('llm', 1, 9);
    expect(origin(name, 1, aiRoute('llm'), aiRoute(name))).toBe(`ns/${name}/1`);
  });

  it('does not believe the name of a part of nothing', () => {
    expect(origin('llm-part-1-rule-9', 1)).toBe('ns/llm-part-1-rule-9/1');
  });

  it.each([
    ['without offset', { 'aigateway.envoyproxy.io/part-of': 'llm' }],
    ['without route', { 'aigateway.envoyproxy.io/rule-offset': '9' }],
    ['with a negative offset', { ...partAnnotations('llm', 0), 'aigateway.envoyproxy.io/rule-offset': '-1' }],
    ['with an offset that is no number', { ...partAnnotations('llm', 0), 'aigateway.envoyproxy.io/rule-offset': 'x' }],
    ['with an empty route', partAnnotations('', 1)],
  ])('passes by annotations %s', (_case, annotations) => {
    expect(origin('plain', 1, aiRoute('llm'), httpRoute('plain', annotations))).toBe('ns/plain/1');
  });

  describe('in a cluster', () => {
    const ROUTE: KubeObject = { ...aiRoute('llm'), metadata: { namespace: 'ns', name: 'llm', uid: 'u' } };
    const owned = (child: KubeObject, kind: string, owner: string, controller = true): KubeObject => ({
      ...child,
      metadata: {
        ...child.metadata,
        ownerReferences: [{ apiVersion: 'aigateway.envoyproxy.io/v1beta1', kind, name: owner, uid: 'u', controller }],
      },
    });
    const PARTS: readonly KubeObject[] = [
      httpRoute('anything', partAnnotations('llm', 9)),
      httpRoute(partName('llm', 1, 9)),
      httpRoute(partName('llm', 1, 9), partAnnotations('llm', 9)),
    ];

    it.each(PARTS)('is that of its owner: %j', (part) => {
      const { name } = part.metadata;
      expect(origin(name, 1, ROUTE, owned(part, 'AIGatewayRoute', 'llm'))).toBe('ns/llm/10');
    });

    it.each(
      PARTS.flatMap((part) => [
        part,
        owned(part, 'AIGatewayRoute', 'other'),
        owned(part, 'MCPRoute', 'llm'),
        owned(part, 'AIGatewayRoute', 'llm', false),
      ]),
    )('is not that of a route which does not own it: %j', (part) => {
      const { name } = part.metadata;
      expect(origin(name, 1, ROUTE, part)).toBe(`ns/${name}/1`);
    });
  });

  it('finds by name what it finds by annotations', () => {
    const nat = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(nat(999), nat(9_999), nat(99), (part, offset, index) => {
        const name = partName('llm', part, offset);
        expect(origin(name, index, aiRoute('llm'))).toBe(
          origin(name, index, aiRoute('llm'), httpRoute(name, partAnnotations('llm', offset))),
        );
      }),
    );
  });
});
