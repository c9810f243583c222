import { create } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { HeaderMutationRulesSchema } from '../../../gen/proto/envoy/config/common/mutation_rules/v3/mutation_rules_pb.js';
import { RetryPolicySchema } from '../../../gen/proto/envoy/config/core/v3/base_pb.js';
import { GrpcServiceSchema, type GrpcService } from '../../../gen/proto/envoy/config/core/v3/grpc_service_pb.js';
import {
  ExternalProcessorSchema,
  type ExternalProcessor,
} from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/ext_proc_pb.js';
import {
  ProcessingMode_BodySendMode as Body,
  ProcessingMode_HeaderSendMode as Header,
} from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/processing_mode_pb.js';
import { PreviousHostsPredicateSchema } from '../../../gen/proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { attributes, FILTER_METADATA_HEADER, METADATA_NAMESPACE } from '../../../shared/headers.js';
import { extProcClusterName, type ExtProcTarget } from './extproc-target.js';
import { AFFINITY_METADATA, AFFINITY_VALUE } from './xds-names.js';

const MESSAGE_TIMEOUT = durationFromMs(10_000);

/**
 * The filter of the router chain: sees headers and bodies of every request of an AI route, before Envoy routes it.
 * @see spec extension-server.md section 12
 */
export function routerProcessor(target?: ExtProcTarget): ExternalProcessor {
  return create(ExternalProcessorSchema, {
    grpcService: extProcService('router', target),
    messageTimeout: MESSAGE_TIMEOUT,
    allowModeOverride: true,
    processingMode: {
      requestHeaderMode: Header.SEND,
      requestBodyMode: Body.BUFFERED,
      requestTrailerMode: Header.SKIP,
      responseHeaderMode: Header.SEND,
      responseBodyMode: Body.BUFFERED,
      // The processor finishes a response that ends with trailers only when it sees them (21.21).
      responseTrailerMode: Header.SEND,
    },
    metadataOptions: { receivingNamespaces: { untyped: [METADATA_NAMESPACE] } },
    // The route of the first match, which chose the authentication filters (21.8).
    requestAttributes: [attributes.routeName, attributes.authDomain],
    // Without it Envoy drops our `x-envoy-original-path` (21.19).
    mutationRules: create(HeaderMutationRulesSchema, { allowEnvoy: true }),
  });
}

/**
 * The filter of a cluster's upstream chain: sees the headers of each attempt at a backend.
 * `forwardingNamespaces` are the name spaces of dynamic metadata that the processor gets to see.
 * @see spec extension-server.md section 9.2
 */
export function upstreamProcessor(forwardingNamespaces: readonly string[], target?: ExtProcTarget): ExternalProcessor {
  return create(ExternalProcessorSchema, {
    grpcService: { ...extProcService('upstream', target), timeout: durationFromMs(30_000) },
    messageTimeout: MESSAGE_TIMEOUT,
    allowModeOverride: true,
    processingMode: {
      requestHeaderMode: Header.SEND,
      requestBodyMode: Body.NONE,
      responseHeaderMode: Header.SKIP,
      responseBodyMode: Body.NONE,
    },
    metadataOptions: {
      receivingNamespaces: { untyped: [METADATA_NAMESPACE] },
      ...(forwardingNamespaces.length > 0 ? { forwardingNamespaces: { untyped: [...forwardingNamespaces] } } : {}),
    },
    requestAttributes: [
      attributes.hostBackendName,
      attributes.clusterBackendName,
      attributes.hostUpstreamHost,
      attributes.routeName,
      attributes.authDomain,
    ],
  });
}

/**
 * Streams to one of several replicas also carry what chooses the replica, and begin anew at another one when that is gone; one
 * beside Envoy needs no choice.
 */
function extProcService(streamKind: 'router' | 'upstream', target: ExtProcTarget | undefined): GrpcService {
  const hasReplicas = target !== undefined && 'dnsName' in target;
  return create(GrpcServiceSchema, {
    envoyGrpc: { clusterName: extProcClusterName(target) },
    initialMetadata: [
      { key: FILTER_METADATA_HEADER, value: streamKind },
      ...(hasReplicas ? [{ key: AFFINITY_METADATA, value: AFFINITY_VALUE }] : []),
    ],
    ...(hasReplicas && { retryPolicy: ANOTHER_REPLICA }),
  });
}

/**
 * Nothing is tried again once a replica has answered, and until then Envoy has sent one message: its buffer for this (64 KiB)
 * holds it. Without it a replica that is killed costs its share of all requests until the health check finds out: tried on
 * Envoy 1.38.3, 106 of 200 with one of two replicas gone, and none with it. The ring goes on to the same next replica for all
 * streams of a request, and if it did not, they would be passed on (`peers/`).
 */
const ANOTHER_REPLICA = create(RetryPolicySchema, {
  numRetries: 2,
  retryOn: 'connect-failure,refused-stream,reset',
  retryBackOff: { baseInterval: durationFromMs(10), maxInterval: durationFromMs(100) },
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      typedConfig: anyPack(PreviousHostsPredicateSchema, create(PreviousHostsPredicateSchema)),
    },
  ],
  // Neighbours on the ring may belong to the same replica.
  hostSelectionRetryMaxAttempts: 20n,
});
