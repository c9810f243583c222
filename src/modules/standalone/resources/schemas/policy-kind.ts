import { foreignKind, type ResourceKind } from '../kinds/resource-kind.js';
import type { StructuralSchema } from '../validation/structural-schema.js';
import { localReference, sectionName } from './parts.js';

/** A listener, a rule of a route, or the whole object. */
const TARGET: StructuralSchema = { ...localReference, properties: { ...localReference.properties, sectionName } };

/** A policy of Envoy Gateway, with the members that name its targets; `targets` are kinds of Gateway API. */
export const policyKind = (description: {
  readonly kind: string;
  readonly targets: readonly string[];
  readonly properties: Readonly<Record<string, StructuralSchema>>;
  readonly unsupported: Readonly<Record<string, string>>;
}): ResourceKind =>
  foreignKind({
    group: 'gateway.envoyproxy.io',
    kind: description.kind,
    versions: ['v1alpha1'],
    members: {
      spec: {
        type: 'object',
        properties: {
          targetRef: TARGET,
          targetRefs: { type: 'array', items: TARGET },
          ...description.properties,
        },
        'x-standalone-unsupported': {
          ...description.unsupported,
          targetSelectors: 'name the objects in targetRefs',
        },
        'x-kubernetes-validations': targetRules(description.targets),
      },
    },
  });

function targetRules(targets: readonly string[]): NonNullable<StructuralSchema['x-kubernetes-validations']> {
  const kinds = `[${targets.map((target) => `'${target}'`).join(', ')}]`;
  const message = `found another kind of target; expected ${targets.join(' or ')} of gateway.networking.k8s.io`;
  return [
    {
      rule: 'has(self.targetRef) != has(self.targetRefs)',
      message: 'found both or none of targetRef and targetRefs; expected one of them',
    },
    {
      rule: `!has(self.targetRef) || (self.targetRef.group == 'gateway.networking.k8s.io' && self.targetRef.kind in ${kinds})`,
      message,
    },
    {
      rule: `!has(self.targetRefs) || self.targetRefs.all(ref, ref.group == 'gateway.networking.k8s.io' && ref.kind in ${kinds})`,
      message,
    },
  ];
}
