import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { generatedAnnotations } from '../../../shared/api/generated-http-route.js';
import { PART_OF_ANNOTATION, RULE_OFFSET_ANNOTATION } from '../../../shared/api/route-parts.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { ResolveContext } from '../resolve/context.js';
import { resolveRoute } from '../resolve/resolve-route.js';
import { generateHTTPRoutes } from './http-route.js';

/** By these the extension server tells whose rules and backendRefs an HTTPRoute has. */
const MARKS = {
  [PART_OF_ANNOTATION]: 'victim',
  [RULE_OFFSET_ANNOTATION]: '0',
  [generatedAnnotations.generated]: 'false',
  [generatedAnnotations.refs]: '0:victim:0',
  [generatedAnnotations.unusableRefs]: '0:0',
  [generatedAnnotations.xdsInputs]: 'x',
};

describe('marks that an HTTPRoute has from us alone', () => {
  it('are not taken from the AIGatewayRoute, where users may write what they like', () => {
    const route: AIGatewayRoute = {
      apiVersion: 'aigateway.envoyproxy.io/v1beta1',
      kind: 'AIGatewayRoute',
      metadata: { name: 'llm', namespace: 'default', annotations: { ...MARKS, theirs: 'kept' } },
      spec: { rules: [{}] },
    };
    const [httpRoute] = generateHTTPRoutes(resolveRoute(new ResolveContext(snapshotOf([])), route), '/');
    expect(httpRoute?.metadata.annotations).toEqual({
      theirs: 'kept',
      [generatedAnnotations.generated]: 'true',
      [generatedAnnotations.refs]: '',
    });
  });
});
