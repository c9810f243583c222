import type { Fault } from '../../../shared/api/fault.js';
import type { KubeObject, ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import { suggest } from '../resources/suggest.js';

/** What was probably meant by a name that leads nowhere: a like one beside it, or the same in another namespace. */
export function hintFor({ missing }: Fault, world: Snapshot): string {
  if (missing === undefined) return '';
  const { type, namespace, name } = partsOf(missing);
  const others = world.list(type);
  const namespaceOf = ({ metadata }: KubeObject) => metadata.namespace ?? '';
  const beside = others.filter((other) => namespaceOf(other) === namespace).map(({ metadata }) => metadata.name);
  const near = suggest(name, beside);
  if (near !== undefined) return `; did you mean ${JSON.stringify(near)}?`;
  const elsewhere = others.find(({ metadata }) => metadata.name === name);
  return elsewhere ? `; there is one in namespace ${JSON.stringify(namespaceOf(elsewhere))}` : '';
}

export function partsOf(key: ObjectKey) {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('/');
  return { type: { group, kind }, namespace, name };
}
