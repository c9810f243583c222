import { kinds } from '../../../shared/api/kinds.js';
import { keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import { isKeyOf, nameOfKey, namespaceOfKey } from '../../../shared/api/object-key.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { Change, Controller, Desired } from '../../crd/controller.js';
import { conditionEvents } from '../conditions/condition-events.js';

/** Kinds of the API that this release installs and does not serve yet: saying nothing would look like being served. */
const UNSUPPORTED = [kinds.mcpRoute, kinds.quotaPolicy] as const;

export class UnsupportedKindsController implements Controller {
  readonly name = 'unsupported-kinds';
  readonly holdOff = { quietMs: 50, maxMs: 500 };

  triggers({ before, after }: Change): Iterable<ObjectKey> {
    const key = keyOf((after ?? before)!);
    return UNSUPPORTED.some((type) => isKeyOf(key, type)) ? [key] : [];
  }

  reconcile(roots: readonly ObjectKey[], world: Snapshot): readonly Desired[] {
    return roots.map((root) => {
      const nothing = { root, objects: [], deletes: [], patches: [], conditions: new Map(), events: [] };
      const type = UNSUPPORTED.find((one) => isKeyOf(root, one));
      const object = type && world.get(type, namespaceOfKey(root), nameOfKey(root));
      if (!object || object.metadata.deletionTimestamp !== undefined) return nothing;
      const { generation } = object.metadata;
      const state = {
        type: 'NotAccepted',
        status: 'False',
        reason: 'NotSupported',
        message: `This release of the AI gateway does not serve ${object.kind} objects: this one has no effect.`,
        ...(generation !== undefined && { observedGeneration: generation }),
      } as const;
      return { ...nothing, conditions: new Map([[root, [state]]]), events: conditionEvents(object, [state]) };
    });
  }
}
