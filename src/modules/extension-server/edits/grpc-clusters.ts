import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, type Any } from '@bufbuild/protobuf/wkt';
import type { CircuitBreakersSchema } from '../../../gen/proto/envoy/config/cluster/v3/circuit_breaker_pb.js';
import type { Http2ProtocolOptionsSchema } from '../../../gen/proto/envoy/config/core/v3/protocol_pb.js';
import { HttpProtocolOptionsSchema } from '../../../gen/proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { HTTP_PROTOCOL_OPTIONS } from './xds-names.js';

/** Largest value of the protocol field: no limit. */
const UNLIMITED = 0xffff_ffff;

/** Each request holds its streams for its whole life; with Envoy's 1024 the rest gets 500 `overflow` (21.1). */
export const UNLIMITED_CIRCUIT: MessageInitShape<typeof CircuitBreakersSchema> = {
  thresholds: [
    { maxConnections: UNLIMITED, maxPendingRequests: UNLIMITED, maxRequests: UNLIMITED, maxRetries: UNLIMITED },
  ],
};

/** `typed_extension_protocol_options` of a cluster that speaks HTTP/2 only; `others` are further HttpProtocolOptions. */
export function http2Options(
  http2: MessageInitShape<typeof Http2ProtocolOptionsSchema>,
  others: Pick<MessageInitShape<typeof HttpProtocolOptionsSchema>, 'hashPolicy'> = {},
): { [HTTP_PROTOCOL_OPTIONS]: Any } {
  const options = create(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: { protocolConfig: { case: 'http2ProtocolOptions', value: http2 } },
    },
    ...others,
  });
  return { [HTTP_PROTOCOL_OPTIONS]: anyPack(HttpProtocolOptionsSchema, options) };
}
