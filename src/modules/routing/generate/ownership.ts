import { kinds } from '../../../shared/api/kinds.js';
import { objectKey, type KubeObject, type ObjectKey } from '../../../shared/api/kube-object.js';
import { gatewayHash } from '../../../shared/extproc-pod/names.js';

/*
 * Marks of what is generated for a Gateway in other namespaces than its own, where no owner reference can point; beside the mark
 * of everything that is ours.
 */

/** A name of a Gateway may be too long for a label: the label is for selectors, the annotation for the name. */
export const GATEWAY_HASH_LABEL = 'aigateway.envoyproxy.io/gateway-hash';
export const GATEWAY_ANNOTATION = 'aigateway.envoyproxy.io/gateway';

/** The Gateway that an object was generated for. */
export function generatedForGateway({ metadata: { labels, annotations } }: KubeObject): ObjectKey | undefined {
  const [namespace, name, ...more] = annotations?.[GATEWAY_ANNOTATION]?.split('/') ?? [];
  if (namespace === undefined || name === undefined || more.length > 0) return undefined;
  if (labels?.[GATEWAY_HASH_LABEL] !== gatewayHash(namespace, name)) return undefined;
  return objectKey(kinds.gateway, namespace, name);
}
