// @see spec api.md section 8
import { SERVICE_BACKEND, status, targetRefs } from '../blocks.mjs';
import { donor } from '../donors.mjs';
import { filled, flag, integer, list, named, object, text } from '../schema.mjs';

const quotaValue = (description) =>
  named(
    'QuotaValue',
    object(description, {
      'limit*': integer('Most cost in a period.'),
      'duration*': text('The period.', { enum: ['1s', '1m', '1h', '1d'] }),
    }),
  );

const costExpression = text('CEL expression of the cost of a request, with the variables of LLMRequestCost.', {
  default: 'total_tokens',
});

const bucketRule = named(
  'QuotaBucketRule',
  object('A quota for some of the requests.', {
    clientSelectors: list(
      'Which requests: those that match all of them.',
      donor('RateLimitSelectCondition', 'One condition.'),
      {
        maxItems: 8,
      },
    ),
    'quota*': quotaValue('Their quota.'),
    shadowMode: flag('Count, but never refuse.'),
  }),
);

const perModelQuota = named(
  'PerModelQuota',
  object('Quota of one model.', {
    'modelName*': filled('Name of the model: a modelNameOverride of a route.'),
    quota: named(
      'QuotaDefinition',
      object('Its quota. A request is refused when none of the buckets that count it has anything left.', {
        costExpression,
        mode: text('How the buckets work together.', { enum: ['Shared'], default: 'Shared' }),
        defaultBucket: quotaValue('Quota of all requests. Must be set when there are no bucketRules.'),
        bucketRules: list('Quotas of some requests. Every rule that matches counts a request.', bucketRule),
      }),
    ),
  }),
);

export const quotaPolicy = {
  kind: 'QuotaPolicy',
  plural: 'quotapolicies',
  labels: { 'gateway.networking.k8s.io/policy': 'direct' },
  versions: ['v1alpha1'],
  description: 'How much may be spent on backends in a period.',
  spec: () =>
    object('The quotas and the backends that they are for.', {
      targetRefs: targetRefs(
        'Backends of the same namespace that the quotas are for.',
        SERVICE_BACKEND,
        'a target must be an AIServiceBackend of aigateway.envoyproxy.io',
      ),
      serviceQuota: named(
        'ServiceQuota',
        object('Quota of each backend as a whole.', {
          costExpression,
          'quota*': quotaValue('The quota.'),
        }),
      ),
      perModelQuotas: list('Quotas of single models.', perModelQuota, { maxItems: 128 }),
    }),
  status,
};
