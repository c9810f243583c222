import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ClusterSchema, type Cluster } from '../../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { CertificateValidationContextSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { UpstreamTlsContextSchema } from '../../../gen/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { snapshotOf } from '../../../shared/api/snapshot.js';
import { unpack } from './packed.js';
import { withPickerClusters } from './picker-clusters.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
const clusterOf = (name: string, pool?: string): Cluster =>
  create(ClusterSchema, {
    name,
    ...(pool === undefined
      ? {}
      : {
          metadata: {
            filterMetadata: {
              'aigateway.envoy.io': { per_route_rule_inference_pool: `ns/${pool}/epp/9002/duplex/false` },
            },
          },
        }),
  });
const poolObject = (ca?: string): KubeObject => ({
  apiVersion: 'inference.networking.k8s.io/v1',
  kind: 'InferencePool',
  metadata: {
    namespace: 'ns',
    name: 'a',
    ...(ca === undefined ? {} : { annotations: { 'aigateway.envoyproxy.io/endpoint-picker-ca': ca } }),
  },
});
const secret = (data: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'ns', name: 'ca' }, stringData: data }) as KubeObject;

function edit(clusters: Cluster[], ...objects: KubeObject[]) {
  const faults: Fault[] = [];
  const edited = withPickerClusters(clusters, snapshotOf(objects), (fault) => void faults.push(fault));
  return { edited, faults };
}
const tlsOf = (cluster: Cluster | undefined) => unpack(cluster?.transportSocket?.typedConfig, UpstreamTlsContextSchema);

describe('withPickerClusters', () => {
  it('adds one cluster for each pool, sorted, however many clusters have it', () => {
    const { edited } = edit([clusterOf('x', 'b'), clusterOf('y', 'a'), clusterOf('z', 'b'), clusterOf('plain')]);
    expect(edited.slice(4).map(({ name }) => name)).toEqual([
      'envoy.clusters.endpointpicker_a_ns_ext_proc',
      'envoy.clusters.endpointpicker_b_ns_ext_proc',
    ]);
  });

  it('changes nothing without pools, nor the second time', () => {
    const plain = [clusterOf('plain')];
    expect(edit(plain).edited).toBe(plain);
    const { edited } = edit([clusterOf('x', 'a')]);
    expect(edit(edited).edited).toBe(edited);
  });

  it('does not verify the certificate by default, but names the server', () => {
    const [, picker] = edit([clusterOf('x', 'a')]).edited;
    expect(tlsOf(picker)?.sni).toBe('epp.ns.svc');
    expect(tlsOf(picker)?.commonTlsContext?.validationContextType.value).toEqual(
      create(CertificateValidationContextSchema),
    );
  });

  it('lifts the limits of requests under way', () => {
    const [, picker] = edit([clusterOf('x', 'a')]).edited;
    expect(picker?.circuitBreakers?.thresholds).toMatchObject([{ maxRequests: 4_294_967_295 }]);
  });

  const NAME_CHECK = {
    matchTypedSubjectAltNames: [{ matcher: { matchPattern: { case: 'exact', value: 'epp.ns.svc' } } }],
  };
  it.each([
    ['of a Secret', 'ca', { trustedCa: { specifier: { case: 'inlineString', value: PEM } }, ...NAME_CHECK }],
    ['of the system', 'system', { systemRootCerts: {}, ...NAME_CHECK }],
  ])('verifies by certificate authorities %s', (_case, ca, expected) => {
    const { edited, faults } = edit([clusterOf('x', 'a')], poolObject(ca), secret({ 'ca.crt': PEM }));
    expect(faults).toEqual([]);
    expect(tlsOf(edited[1])?.commonTlsContext?.validationContextType.value).toMatchObject(expected);
  });

  it.each([
    ['the Secret is missing', []],
    ['it has no ca.crt', [secret({ other: PEM })]],
    ['its ca.crt holds no certificate', [secret({ 'ca.crt': 'x' })]],
  ])('reaches no picker when it must verify and %s', (_case, objects) => {
    const { edited, faults } = edit([clusterOf('x', 'a')], poolObject('ca'), ...objects);
    expect(edited[1]?.loadAssignment?.endpoints).toEqual([]);
    expect(faults).toMatchObject([
      {
        object: 'inference.networking.k8s.io/InferencePool/ns/a',
        reason: 'EndpointPickerCANotFound',
        missing: '/Secret/ns/ca',
      },
    ]);
  });
});
