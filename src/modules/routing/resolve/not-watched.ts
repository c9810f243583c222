import type { ReferenceTarget } from '../../../shared/api/reference-grants.js';

/**
 * Of an object in a namespace that this controller does not see: neither it nor the grants there are known, so nothing else can
 * be said. @see spec controller.md section 19 (row 42)
 */
export const notWatchedMessage = ({ type, namespace, name }: ReferenceTarget): string =>
  `${type.kind} ${namespace}/${name} is in a namespace that this controller does not watch: add "${namespace}" to ` +
  '-watchNamespaces (controller.watch.namespaces of the chart), or refer to an object of a namespace that is watched';
