import type { Pod, PodStatus } from './pod.js';

export interface ContainerState {
  readonly name: string;
  readonly image: string;
  readonly isInit: boolean;
  readonly isRunning: boolean;
  readonly isReady: boolean;
  readonly restarts: number;
}

/** What the kubelet reports of a Pod. `now` is an RFC 3339 time. */
export function podStatus(pod: Pod, containers: readonly ContainerState[], podIP: string, now: string): PodStatus {
  const isStarted = containers.length > 0 && containers.every(({ isRunning }) => isRunning);
  const areReady = isStarted && containers.every(({ isReady }) => isReady);
  const condition = (type: string, isTrue: boolean) => ({
    type,
    status: isTrue ? 'True' : 'False',
    lastTransitionTime: now,
  });
  const status = {
    phase: isStarted ? 'Running' : 'Pending',
    podIP,
    podIPs: [{ ip: podIP }],
    hostIP: '127.0.0.1',
    startTime: pod.metadata.creationTimestamp ?? now,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', isStarted),
      condition('ContainersReady', areReady),
      condition('Ready', areReady),
    ],
    initContainerStatuses: containers.filter(({ isInit }) => isInit).map((state) => containerStatus(state, now)),
    containerStatuses: containers.filter(({ isInit }) => !isInit).map((state) => containerStatus(state, now)),
  };
  return status;
}

const containerStatus = ({ name, image, isRunning, isReady, restarts }: ContainerState, now: string) => ({
  name,
  image,
  imageID: image,
  ready: isReady,
  started: isRunning,
  restartCount: restarts,
  state: isRunning ? { running: { startedAt: now } } : { waiting: { reason: 'CrashLoopBackOff' } },
});
