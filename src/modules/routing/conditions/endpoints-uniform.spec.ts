import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute, AIGatewayRouteBackendRef, AIGatewayRouteRule } from '../../../shared/api/ai-gateway.js';
import { CONDITION_MESSAGE_LENGTH_MAX } from '../../../shared/api/conditions.js';
import {
  PROVIDER_RESOURCES_ANNOTATION,
  SCHEMA_NAMES,
  type SchemaName,
} from '../../../shared/filter-config/filter-config.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { ResolveContext } from '../resolve/context.js';
import { resolveRoute } from '../resolve/resolve-route.js';
import { endpointsUniformCondition } from './endpoints-uniform.js';

const NAME_LENGTH_MAX = 253;

/** Of each schema one backend of its name in lower case, and one with the longest possible name. */
const OBJECTS = [
  { apiVersion: 'gateway.envoyproxy.io/v1alpha1', kind: 'Backend', metadata: { name: 'b', namespace: 'default' } },
  ...SCHEMA_NAMES.flatMap((schema) =>
    [schema.toLowerCase(), longName(schema)].map((name) => ({
      apiVersion: 'aigateway.envoyproxy.io/v1beta1',
      kind: 'AIServiceBackend',
      metadata: { name, namespace: 'default' },
      spec: { schema: { name: schema }, backendRef: { group: 'gateway.envoyproxy.io', kind: 'Backend', name: 'b' } },
    })),
  ),
];

function longName(schema: SchemaName): string {
  return schema.toLowerCase().padEnd(NAME_LENGTH_MAX, 'x');
}

function conditionOf(
  rules: readonly (readonly AIGatewayRouteBackendRef[])[],
  generation?: number,
  annotations: Readonly<Record<string, string>> = {},
) {
  const route: AIGatewayRoute = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'AIGatewayRoute',
    metadata: { name: 'r', namespace: 'default', annotations, ...(generation !== undefined && { generation }) },
    spec: { rules: rules.map((backendRefs): AIGatewayRouteRule => ({ backendRefs })) },
  };
  return endpointsUniformCondition(resolveRoute(new ResolveContext(snapshotOf(OBJECTS)), route));
}

const POOL = { group: 'inference.networking.k8s.io', kind: 'InferencePool', name: 'pool' };

describe('endpointsUniformCondition', () => {
  it.each([
    ['all backends have one schema', [[{ name: 'openai' }, { name: longName('OpenAI') }]]],
    ['rules differ from one another only', [[{ name: 'openai' }], [{ name: 'cohere' }]]],
    ['the backend of the other schema gets no requests', [[{ name: 'openai' }, { name: 'cohere', weight: 0 }]]],
    ['the other backend does not exist', [[{ name: 'openai' }, { name: 'none' }]]],
    ['a rule has no backends', [[]]],
    ['a rule has an InferencePool', [[POOL]]],
  ])('says nothing when %s', (_, rules) => {
    expect(conditionOf(rules)).toBeUndefined();
  });

  it('is true when backends of several schemas serve the same', () => {
    expect(conditionOf([[{ name: 'awsanthropic' }, { name: 'gcpanthropic' }]], 4)).toEqual({
      type: 'EndpointsUniform',
      status: 'True',
      reason: 'EndpointsUniform',
      message: 'The backends of each rule serve the same endpoints.',
      observedGeneration: 4,
    });
  });

  it('names rule, backend and endpoints when they differ, on both sides', () => {
    const condition = conditionOf([[{ name: 'openai' }], [{ name: 'openai' }, { name: 'cohere' }, { name: 'cohere' }]]);
    expect(condition).toMatchObject({ status: 'False', reason: 'EndpointsDiffer' });
    expect(condition?.message).toMatch(
      /^spec\.rules\[1\]: openai \(OpenAI\) answers 400 to rerank, cohere \(Cohere\) answers 400 to chat-completions /,
    );
    expect(condition?.message).not.toContain('embeddings');
    expect(condition).not.toHaveProperty('observedGeneration');
  });

  it('counts endpoints of what providers keep only when the route allows them', () => {
    const rules = [[{ name: 'anthropic' }, { name: 'awsanthropic' }]];
    const lacking = (annotations?: Record<string, string>) => conditionOf(rules, undefined, annotations)?.message ?? '';
    expect(lacking()).toBe('spec.rules[0]: anthropic (Anthropic) answers 400 to tokenize');
    expect(lacking({ [PROVIDER_RESOURCES_ANNOTATION]: 'allow' })).toContain(
      'awsanthropic (AWSAnthropic) answers 400 to message-batches managed-agents',
    );
  });

  it('says the same whatever the state of the backends, so that it does not flap', () => {
    const unusable = { name: 'cohere', weight: 2, priority: 1 };
    expect(conditionOf([[{ name: 'openai' }, unusable]])).toEqual(
      conditionOf([[{ name: 'openai' }, { name: 'cohere' }]]),
    );
  });

  it('fits into a condition when all rules have all schemas and the longest names', () => {
    const refs = SCHEMA_NAMES.flatMap((schema) => [{ name: schema.toLowerCase() }, { name: longName(schema) }]);
    const { message = '' } = conditionOf(Array.from({ length: 15 }, () => refs)) ?? {};
    expect(message).toContain('; and 10 more rules');
    expect(message.length).toBeLessThan(CONDITION_MESSAGE_LENGTH_MAX);
  });
});
