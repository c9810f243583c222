import type { AddressSchema } from '../../../gen/proto/envoy/config/core/v3/address_pb.js';
import type {
  LbEndpointSchema,
  LocalityLbEndpointsSchema,
} from '../../../gen/proto/envoy/config/endpoint/v3/endpoint_components_pb.js';
import type { BackendEndpoint } from '../../../shared/api/envoy-gateway.js';
import type { Init } from './extension.js';
import type { ResolvedBackendRef } from './backend-refs.js';
import { localityRegion, tlsMatchName } from './names.js';

type LocalityInit = Init<typeof LocalityLbEndpointsSchema>;

/**
 * One locality per backendRef, in their order, also for a faulty one: it is left without endpoints, so that the others
 * keep their places and take its share. The extension-server edits find a ref by `locality.region`.
 * @see spec extension-server.md section 4
 */
export function localities(cluster: string, refs: readonly ResolvedBackendRef[]): LocalityInit[] {
  const hasPrimary = refs.some(({ backend }) => backend !== undefined && backend.object.spec.fallback !== true);
  return refs.map(({ index, weight, backend }, position): LocalityInit => {
    const locality = {
      locality: { region: localityRegion(cluster, index) },
      loadBalancingWeight: weight,
    };
    if (!backend) return locality;
    const { metadata, spec } = backend.object;
    const resource = { kind: backend.object.kind, namespace: metadata.namespace ?? '', name: metadata.name };
    const socketMatch = backend.tls === 'plain' ? undefined : tlsMatchName(cluster, position);
    return {
      ...locality,
      priority: spec.fallback === true && hasPrimary ? 1 : 0,
      metadata: { filterMetadata: { 'envoy-gateway': { resources: [resource] } } },
      lbEndpoints: backend.endpoints.map((endpoint) => lbEndpoint(endpoint, socketMatch)),
    };
  });
}

const lbEndpoint = (endpoint: BackendEndpoint, socketMatch: string | undefined): Init<typeof LbEndpointSchema> => ({
  hostIdentifier: {
    case: 'endpoint',
    value: { address: address(endpoint), hostname: endpoint.hostname ?? '' },
  },
  loadBalancingWeight: 1,
  ...(socketMatch === undefined
    ? {}
    : { metadata: { filterMetadata: { 'envoy.transport_socket_match': { name: socketMatch } } } }),
});

function address({ fqdn, ip, unix }: BackendEndpoint): Init<typeof AddressSchema> {
  if (unix) return { address: { case: 'pipe', value: { path: unix.path } } };
  const host = fqdn?.hostname ?? ip?.address ?? '';
  const portValue = fqdn?.port ?? ip?.port ?? 0;
  return {
    address: {
      case: 'socketAddress',
      value: { address: host, portSpecifier: { case: 'portValue', value: portValue } },
    },
  };
}
