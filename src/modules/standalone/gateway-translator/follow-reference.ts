import { groupOf, objectKey, type KubeObject } from '../../../shared/api/kube-object.js';
import { isPermitted, notPermittedMessage, type ReferenceTarget } from '../../../shared/api/reference-grants.js';
import type { Translation } from './translate-options.js';

/** The object that `owner` names at `path`; one that may not be used or is not there is reported as `<kind>NotFound`. */
export function followReference<T extends KubeObject>(
  { world, faults }: Translation,
  owner: KubeObject,
  path: string,
  to: ReferenceTarget,
): T | undefined {
  const type = { group: groupOf(owner.apiVersion), kind: owner.kind };
  const from = { type, namespace: owner.metadata.namespace ?? '' };
  if (!isPermitted(world, from, to)) {
    faults.error(owner, `${path}.namespace`, 'RefNotPermitted', notPermittedMessage(from, to));
    return undefined;
  }
  const found = world.get<T>(to.type, to.namespace, to.name);
  if (!found) {
    const { kind } = to.type;
    const message = `${kind} ${to.namespace}/${to.name} does not exist: create it or correct the name`;
    faults.error(owner, `${path}.name`, `${kind}NotFound`, message, objectKey(to.type, to.namespace, to.name));
  }
  return found;
}
