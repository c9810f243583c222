import { kinds } from '../../shared/api/kinds.js';
import { groupOf, keyOf, type KubeObject, type ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import type { Change, Controller, Desired } from './controller.js';
import { nameOfKey } from './apply/applier.js';

/** The reference puts it on all objects of our kinds. We need none: deletion is seen in the diff of the store. */
export const REFERENCE_FINALIZER = 'aigateway.envoyproxy.io/finalizer';

/**
 * Lets go of the objects that the reference has held: in a cluster that was taken over nobody else would. Not only when one is
 * being deleted, since nothing lets go any more once this controller is uninstalled. The reference, should it come back, puts
 * its finalizer on again. @see spec controller.md sections 5 and 19 (row 36)
 */
export class FinalizerController implements Controller {
  readonly name = 'finalizer';
  readonly holdOff = { quietMs: 0, maxMs: 0 };

  *triggers({ after }: Change): Iterable<ObjectKey> {
    if (after && isHeld(after)) yield keyOf(after);
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot): readonly Desired[] {
    return roots.flatMap((root) => {
      const { type, namespace, name } = nameOfKey(root);
      const object = world.get(type, namespace, name);
      if (!object || !isHeld(object)) return [];
      const finalizers = object.metadata.finalizers?.filter((finalizer) => finalizer !== REFERENCE_FINALIZER);
      // The version: who else lets go in the same moment must not have its finalizer put back.
      const { resourceVersion } = object.metadata;
      return [
        {
          root,
          objects: [],
          deletes: [],
          patches: [{ object: root, patch: { metadata: { finalizers, resourceVersion } } }],
          conditions: new Map(),
          events: [],
        },
      ];
    });
  }
}

const isHeld = ({ apiVersion, metadata }: KubeObject): boolean =>
  groupOf(apiVersion) === kinds.aiGatewayRoute.group && (metadata.finalizers?.includes(REFERENCE_FINALIZER) ?? false);
