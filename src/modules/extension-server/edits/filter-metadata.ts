import { create, type JsonObject } from '@bufbuild/protobuf';
import { MetadataSchema, type Metadata } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { INTERNAL_METADATA_NAMESPACE } from '../../../shared/headers.js';
import { withMembers } from './copy-on-write.js';

/** Metadata with these keys in our name space. Other keys and other name spaces stay. */
export function withInternalMetadata(
  metadata: Metadata | undefined,
  entries: Readonly<Record<string, string>>,
): Metadata {
  const before: JsonObject = metadata?.filterMetadata[INTERNAL_METADATA_NAMESPACE] ?? {};
  const after = withMembers(before, entries);
  if (metadata !== undefined && after === before) return metadata;
  return {
    ...(metadata ?? create(MetadataSchema)),
    filterMetadata: { ...metadata?.filterMetadata, [INTERNAL_METADATA_NAMESPACE]: after },
  };
}

/** A text in our name space; undefined when it is absent or no text. */
export function internalMetadataText(metadata: Metadata | undefined, key: string): string | undefined {
  const value = metadata?.filterMetadata[INTERNAL_METADATA_NAMESPACE]?.[key];
  return typeof value === 'string' ? value : undefined;
}
