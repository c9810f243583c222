import { create, fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ClusterSchema } from '../../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '../../gen/proto/envoy/config/route/v3/route_pb.js';
import { SecretSchema } from '../../gen/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import type { Fault } from '../../shared/api/fault.js';
import { objectKey } from '../../shared/api/kube-object.js';
import type { XdsResources } from '../../shared/xds.js';

/** Numbers of the lists in PostTranslateModifyRequest. @see proto/envoygateway/extension/service.proto */
const REQUEST = { clusters: 2, secrets: 3, listeners: 4, routes: 5 } as const;
/** The same in PostTranslateModifyResponse. */
const RESPONSE = { clusters: 1, secrets: 2, listeners: 3, routes: 4 } as const;

/** A PostTranslateModifyRequest, with the bytes that each of its resources came in. */
export interface DecodedTranslation {
  readonly resources: XdsResources;
  readonly bytesOf: ReadonlyMap<object, Uint8Array>;
  /** Error faults of the resources that cannot be decoded. */
  readonly faults: readonly Fault[];
}

/**
 * Decodes resource by resource, so that what no edit touches goes back byte by byte and costs no encoding. A resource that
 * cannot be decoded stands for itself as an empty one, which no edit touches, and is told as a fault (21.15).
 * @throws when the message itself is none; the bytes of the resources are views of it
 */
export function decodeTranslation(message: Uint8Array): DecodedTranslation {
  const resources: XdsResources = { clusters: [], secrets: [], listeners: [], routes: [] };
  const bytesOf = new Map<object, Uint8Array>();
  const faults: Fault[] = [];
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, number);
      continue;
    }
    const bytes = reader.bytes();
    const keep = <Desc extends DescMessage>(list: MessageShape<Desc>[], schema: Desc) => {
      let resource: MessageShape<Desc>;
      try {
        resource = fromBinary(schema, bytes);
      } catch (error) {
        resource = create(schema);
        faults.push(undecodable(schema, list.length, error));
      }
      bytesOf.set(resource, bytes);
      list.push(resource);
    };
    if (number === REQUEST.clusters) keep(resources.clusters, ClusterSchema);
    else if (number === REQUEST.secrets) keep(resources.secrets, SecretSchema);
    else if (number === REQUEST.listeners) keep(resources.listeners, ListenerSchema);
    else if (number === REQUEST.routes) keep(resources.routes, RouteConfigurationSchema);
  }
  return { resources, bytesOf, faults };
}

const undecodable = ({ name }: DescMessage, index: number, error: unknown): Fault => ({
  object: objectKey({ group: 'envoy', kind: name }, '', `number ${index + 1} of the translation`),
  path: '',
  reason: 'UndecodableResource',
  message:
    `${name} number ${index + 1} of the translation cannot be decoded, so it goes to Envoy without the parts of AI routes: ` +
    `${error instanceof Error ? error.message : String(error)}. Check EnvoyPatchPolicies that touch it.`,
  severity: 'error',
});

/** A PostTranslateModifyResponse; resources that are the decoded ones themselves go back in their bytes. */
export function encodeTranslation(resources: XdsResources, bytesOf: ReadonlyMap<object, Uint8Array>): Uint8Array {
  const writer = new BinaryWriter();
  const write = <Desc extends DescMessage>(number: number, list: readonly MessageShape<Desc>[], schema: Desc) => {
    for (const resource of list) {
      writer.tag(number, WireType.LengthDelimited).bytes(bytesOf.get(resource) ?? toBinary(schema, resource));
    }
  };
  write(RESPONSE.clusters, resources.clusters, ClusterSchema);
  write(RESPONSE.secrets, resources.secrets, SecretSchema);
  write(RESPONSE.listeners, resources.listeners, ListenerSchema);
  write(RESPONSE.routes, resources.routes, RouteConfigurationSchema);
  return writer.finish();
}
