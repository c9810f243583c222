import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Metadata } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { ENVOY_GATEWAY_METADATA } from './xds-names.js';

/**
 * What Envoy Gateway says about the Kubernetes objects behind a listener, virtual host or route: `kind`, `namespace`, `name`,
 * `sectionName` and `annotations`; entries of another shape are skipped. @see spec extension-server.md section 4
 */
export function originObjects(metadata: Metadata | undefined): readonly JsonObject[] {
  const objects = metadata?.filterMetadata[ENVOY_GATEWAY_METADATA]?.['resources'];
  return Array.isArray(objects) ? objects.filter(isObject) : [];
}

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
