// @see spec api.md section 3
import {
  DURATION,
  INFERENCE_POOL,
  NAMESPACE,
  OPTIONAL_GROUP,
  OPTIONAL_KIND,
  SUBDOMAIN,
  bodyMutation,
  headerMatches,
  headerMutation,
  hostnames,
  llmRequestCost,
  parentRefs,
  status,
} from '../blocks.mjs';
import { donor } from '../donors.mjs';
import { conditionColumn, filled, integer, list, named, object, rules, text } from '../schema.mjs';

const backendRef = named(
  'AIGatewayRouteBackendRef',
  object(
    'One backend.',
    {
      'name*': filled('Name of the backend.'),
      namespace: text(
        'Namespace of the backend. Absent: the namespace of the route. Another namespace needs a ReferenceGrant there.',
        NAMESPACE,
      ),
      group: text(
        'API group. Absent: the backend is an AIServiceBackend. The other choice is `inference.networking.k8s.io`.',
        OPTIONAL_GROUP,
      ),
      kind: text(
        'Kind. Absent: the backend is an AIServiceBackend. The other choice is `InferencePool`.',
        OPTIONAL_KIND,
      ),
      modelNameOverride: text('Model name that is sent to this backend in place of the one asked for.'),
      headerMutation: headerMutation(
        'Changes to the headers of requests to this backend. They win, header by header, over those of the AIServiceBackend.',
      ),
      bodyMutation: bodyMutation(
        'Changes to the body of requests to this backend. They win, member by member, over those of the AIServiceBackend.',
      ),
      weight: integer('Share of the requests among the backends of the same priority.', {
        format: 'int32',
        minimum: 0,
        default: 1,
      }),
      priority: integer('Order of preference: 0 is tried first, higher numbers when those before fail.', {
        format: 'int32',
        minimum: 0,
        default: 0,
      }),
    },
    rules(
      // R6
      ['has(self.group) == has(self.kind)', 'group and kind go together: set both or none'],
      // R7
      [
        `!has(self.group) || (has(self.kind) && ${INFERENCE_POOL.replaceAll('ref.', 'self.')})`,
        'only InferencePool of the group inference.networking.k8s.io is supported besides AIServiceBackend',
      ],
    ),
  ),
);

const rule = named(
  'AIGatewayRouteRule',
  object(
    'Matches and the backends that serve them.',
    {
      name: text('Name of the rule, unique in the route. It becomes the name of the generated rule.', SUBDOMAIN),
      matches: list(
        'The rule applies when one of these matches. Empty: always.',
        named(
          'AIGatewayRouteMatch',
          object('All parts of it must hold.', {
            headers: headerMatches(
              'Headers that the request must carry. `x-ai-eg-model` is set by the gateway to the model of the request body.',
            ),
          }),
        ),
        { maxItems: 128 },
      ),
      backendRefs: list(
        'Backends that share the requests of the rule: AIServiceBackends, or exactly one InferencePool.',
        backendRef,
        { maxItems: 128 },
      ),
      // R8 is the rule of the donor.
      timeouts: donor('HTTPRouteTimeouts', 'Time limits of a request.'),
      streamIdleTimeout: text('Longest silence of a backend during one attempt. Absent or `0s`: no limit.', DURATION),
      modelsOwnedBy: text('Owner that model lists show for the models of this rule.', { default: 'Envoy AI Gateway' }),
      modelsCreatedAt: text(
        'Time of creation that model lists show for the models of this rule. Absent: when the route was created.',
        { format: 'date-time' },
      ),
    },
    rules(
      // R3
      ["!has(self.name) || self.name != 'route-not-found'", 'the rule name route-not-found is reserved'],
      // R4
      [
        '!has(self.backendRefs) || self.backendRefs.all(ref, has(ref.group) && has(ref.kind)) || ' +
          'self.backendRefs.all(ref, !has(ref.group) && !has(ref.kind))',
        'a rule may not mix InferencePool and AIServiceBackend backends',
      ],
      // R5
      [
        '!has(self.backendRefs) || self.backendRefs.size() == 1 || ' +
          '!self.backendRefs.exists(ref, has(ref.group) && has(ref.kind))',
        'a rule may name one InferencePool only',
      ],
    ),
  ),
);

export const aiGatewayRoute = {
  kind: 'AIGatewayRoute',
  plural: 'aigatewayroutes',
  columns: [
    conditionColumn('Programmed', 'status'),
    { ...conditionColumn('Programmed', 'reason'), name: 'Reason', priority: 1 },
  ],
  versions: ['v1alpha1', 'v1beta1'],
  description: 'Routes AI requests of one or more Gateways to backends, by model and headers.',
  spec: () =>
    object('Which requests go to which backends.', {
      parentRefs: parentRefs(),
      hostnames,
      'rules*': list('Rules, tried in order.', rule, {
        maxItems: 15,
        // R2
        ...rules([
          'self.all(rule, !has(rule.name) || self.exists_one(other, has(other.name) && other.name == rule.name))',
          'rule names must be unique in the route',
        ]),
      }),
      llmRequestCosts: list(
        'Numbers computed for every request, for rate limits and access logs. Of two with the same key the last counts.',
        llmRequestCost,
        { maxItems: 36 },
      ),
    }),
  status,
};
