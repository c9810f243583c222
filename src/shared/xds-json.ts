import {
  create,
  createRegistry,
  fromJson,
  toJson,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  anyPack,
  file_google_protobuf_duration,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import { ClusterSchema } from '../gen/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../gen/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '../gen/proto/envoy/config/route/v3/route_pb.js';
import { SecretSchema } from '../gen/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { DiscoveryResponseSchema } from '../gen/proto/envoy/service/discovery/v3/discovery_pb.js';
import { protoFiles } from '../gen/proto/files.js';
import type { XdsResources } from './xds.js';

/** All types of ours, for what stands inside `Any`. */
const registry = createRegistry(
  ...protoFiles,
  file_google_protobuf_duration,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
);

/** {@link XdsResources} in Envoy's JSON with its field names (`typed_config`, `@type`); what people write as YAML. */
export interface XdsJson {
  readonly listeners: JsonValue[];
  readonly routes: JsonValue[];
  readonly clusters: JsonValue[];
  readonly secrets: JsonValue[];
}

/**
 * JSON with the field names of the .proto files. Fields and enum values that our .proto files do not know are left
 * out, so this is for messages made here, not for those of Envoy Gateway.
 * @throws Error naming the type when an `Any` holds one that is not in `proto/`.
 */
export const messageToJson = <Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): JsonValue =>
  toJson(schema, message, { registry, useProtoFieldName: true });

/**
 * Takes field names of the .proto files and their lowerCamelCase form.
 * @throws Error naming the message and the field when a field is unknown or has the wrong type.
 */
export const messageFromJson = <Desc extends DescMessage>(schema: Desc, json: JsonValue): MessageShape<Desc> =>
  fromJson(schema, json, { registry });

/** @throws Error as {@link messageToJson}. */
export const xdsToJson = (resources: XdsResources): XdsJson => ({
  listeners: resources.listeners.map((listener) => messageToJson(ListenerSchema, listener)),
  routes: resources.routes.map((route) => messageToJson(RouteConfigurationSchema, route)),
  clusters: resources.clusters.map((cluster) => messageToJson(ClusterSchema, cluster)),
  secrets: resources.secrets.map((secret) => messageToJson(SecretSchema, secret)),
});

/** A missing list is an empty one. @throws Error as {@link messageFromJson}. */
export const xdsFromJson = (json: Partial<XdsJson>): XdsResources => ({
  listeners: (json.listeners ?? []).map((listener) => messageFromJson(ListenerSchema, listener)),
  routes: (json.routes ?? []).map((route) => messageFromJson(RouteConfigurationSchema, route)),
  clusters: (json.clusters ?? []).map((cluster) => messageFromJson(ClusterSchema, cluster)),
  secrets: (json.secrets ?? []).map((secret) => messageFromJson(SecretSchema, secret)),
});

/**
 * Content of a file that Envoy reads through `path_config_source`: a `DiscoveryResponse` whose resources are all of one
 * type. @throws Error as {@link messageToJson}.
 */
export function discoveryJson<Desc extends DescMessage>(
  schema: Desc,
  messages: readonly MessageShape<Desc>[],
  versionInfo: string,
): JsonObject {
  const resources = messages.map((message) => anyPack(schema, message));
  const response = create(DiscoveryResponseSchema, { versionInfo, resources });
  return messageToJson(DiscoveryResponseSchema, response) as JsonObject;
}
