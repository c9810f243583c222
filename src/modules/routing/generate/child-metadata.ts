import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { generatedAnnotations } from '../../../shared/api/generated-http-route.js';
import { KNOWN_ONLY_TO_US } from '../../../shared/api/known-only-to-us.js';
import type { ObjectMeta } from '../../../shared/api/kube-object.js';
import { PART_OF_ANNOTATION, RULE_OFFSET_ANNOTATION } from '../../../shared/api/route-parts.js';

/**
 * Marks by which kubectl, Helm, Argo CD and Flux know what they applied themselves. A copy would claim the child for
 * them, and they would prune it. @see spec controller.md section 19 (row 16)
 */
const TRACKING_PREFIXES = [
  'kubectl.kubernetes.io/',
  'meta.helm.sh/',
  'helm.sh/',
  'argocd.argoproj.io/',
  'kustomize.toolkit.fluxcd.io/',
  'helm.toolkit.fluxcd.io/',
];
const TRACKING_KEYS = ['app.kubernetes.io/managed-by', 'app.kubernetes.io/instance'];
/**
 * A child gets them from us alone, or not: by a copy it would be deleted with what only we know, or be taken for a part of
 * another route.
 */
const OWN_KEYS = [
  ...Object.keys(KNOWN_ONLY_TO_US),
  ...Object.values(generatedAnnotations),
  PART_OF_ANNOTATION,
  RULE_OFFSET_ANNOTATION,
];
const LEFT_OUT = new Set([...TRACKING_KEYS, ...OWN_KEYS]);

/** The labels or annotations of a route that its children inherit, sorted by key. */
export const inherited = (entries: Readonly<Record<string, string>> | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(entries ?? {})
      .filter(([key]) => !LEFT_OUT.has(key) && !TRACKING_PREFIXES.some((prefix) => key.startsWith(prefix)))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** Name, namespace and owner of a child. Routes from files have no `uid`, and then their children have no owner. */
export function childMetadata(route: AIGatewayRoute, name: string): ObjectMeta {
  const { namespace, uid } = route.metadata;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && {
      ownerReferences: [
        {
          apiVersion: route.apiVersion,
          kind: route.kind,
          name: route.metadata.name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    }),
  };
}
