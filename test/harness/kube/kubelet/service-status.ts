import type { KubeObject } from '../../../../src/shared/api/kube-object.js';
import { isReady, type Pod } from './pod.js';

export interface Service extends KubeObject {
  readonly spec: {
    readonly type?: string;
    /** `None` for a headless one. */
    readonly clusterIP?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: number | string;
    }[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/** What a load balancer would report: every Service is on this machine. Undefined when there is nothing to change. */
export function loadBalancerStatus({ spec, status }: Service): object | undefined {
  if (spec.type !== 'LoadBalancer' || status?.loadBalancer?.ingress?.length) return undefined;
  return { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } };
}

export const podsOf = ({ spec }: Service, pods: readonly Pod[]): readonly Pod[] =>
  spec.selector === undefined
    ? []
    : pods.filter(({ metadata }) =>
        Object.entries(spec.selector ?? {}).every(([label, value]) => metadata.labels?.[label] === value),
      );

/**
 * The EndpointSlice of a Service with a selector. The API server refuses the addresses of this machine there, so the
 * addresses are made up; nothing connects to them, but Envoy waits for the slice of its own Service.
 */
export function endpointSlice(service: Service, pods: readonly Pod[]): KubeObject | undefined {
  const { namespace = 'default', name } = service.metadata;
  if (service.spec.selector === undefined) return undefined;
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${name}-test`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: podsOf(service, pods).map((pod, index) => ({
      addresses: [`10.1.0.${index + 1}`],
      conditions: { ready: isReady(pod) },
      targetRef: { kind: 'Pod', namespace, name: pod.metadata.name },
    })),
    ports: (service.spec.ports ?? []).map(({ name: port = '', port: number, targetPort }) => ({
      name: port,
      port: typeof targetPort === 'number' ? targetPort : number,
      protocol: 'TCP',
    })),
  };
  return slice;
}
