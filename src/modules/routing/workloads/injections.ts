import { keyOf } from '../../../shared/api/kube-object.js';
import type { Pod } from '../../../shared/api/workloads.js';
import type { ObjectEvent } from '../../crd/controller.js';
import { processorOf } from './roll-out.js';

/** Older pods were told of by the leader of their time. */
const NEW_MS = 60_000;

/**
 * An Event for each new pod that came with its processor, told here and not by the webhook: what it answers may still be refused
 * by somebody else, and it has no side effects. @see spec controller.md section 19 (row 30)
 */
export const injections = (pods: readonly Pod[], now: Date): readonly ObjectEvent[] =>
  pods.flatMap((pod) => {
    const processor = processorOf(pod);
    const ageMs = now.getTime() - Date.parse(pod.metadata.creationTimestamp ?? '');
    if (processor === undefined || !(ageMs < NEW_MS)) return [];
    const note = `The webhook has put the External Processor into this pod, as container ${processor.name} of image ${processor.image ?? ''}.`;
    return [{ regarding: keyOf(pod), type: 'Normal', reason: 'ProcessorInjected', action: 'Inject', note }];
  });
