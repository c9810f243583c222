/**
 * Every header and metadata name that the gateway owns, with who sets and who reads it.
 * @see spec extproc.md section 9 and extension-server.md section 5.
 */
export const headers = {
  /** Model of the client's body. Set by the router phase; read by Envoy's routes. */
  model: 'x-ai-eg-model',
  /** The client's `:path` with query. Set by the router phase; read by the upstream phase. */
  originalPath: 'x-ai-eg-original-path',
  /** Ties the upstream streams of a request to its router stream. Set by the router phase. */
  internalRequestId: 'x-ai-eg-internal-req-id',
  /** Host for SigV4. Lives in the local headers only; a client's value is dropped. */
  upstreamHost: 'x-ai-eg-upstream-host',
  /** Prefix of all headers above; nothing a client sends under it is believed. */
  ownPrefix: 'x-ai-eg-',
  /** Prefix of the names under which clients bring credentials for the gateway by default. */
  gatewayCredentialPrefix: 'x-aigw-',
  /** Envoy's own name for the original path. */
  envoyOriginalPath: 'x-envoy-original-path',
  /** Chosen by an endpoint picker (InferencePool). */
  destinationEndpoint: 'x-gateway-destination-endpoint',
  requestId: 'x-request-id',
  /** Sent by clients: the model that decides on the backend, where no body names one. Never reaches a provider. */
  routingModel: 'x-aigw-model',
  /** Sent by clients: `translation` asks for the receipt in {@link headers.translation}. */
  debug: 'x-aigw-debug',
  /** On responses: the fields that translation dropped. */
  translation: 'x-aigw-translation',
} as const;

/** Dynamic metadata that we emit, read by access logs and rate limits. */
export const METADATA_NAMESPACE = 'io.envoy.ai_gateway';
/** xDS metadata that we read. */
export const INTERNAL_METADATA_NAMESPACE = 'aigateway.envoy.io';

/** Keys of {@link INTERNAL_METADATA_NAMESPACE}. */
export const internalMetadata = {
  backendName: 'per_route_rule_backend_name',
  upstreamHost: 'upstream_host',
  routeName: 'aigw_route_name',
  inferencePool: 'per_route_rule_inference_pool',
  /** Fingerprint of the authentication filters of a route; absent when it has none of its own. */
  authDomain: 'auth_domain',
} as const;

/** Fixed keys of {@link METADATA_NAMESPACE}. @see spec extproc.md 16.4 */
export const metadataKeys = {
  contentLength: 'content_length',
  backendName: 'backend_name',
  modelNameOverride: 'model_name_override',
  backendShortName: 'ai_service_backend_name',
  routeName: 'route_name',
  responseModel: 'response_model',
  timeToFirstToken: 'token_latency_ttft',
  interTokenLatency: 'token_latency_itl',
  /** `4xx`, `5xx` …, on failed answers only. */
  responseStatusClass: 'response_status_class',
  /** `_OTHER`, on failed answers only, also on those whose stream carried an error behind a good status. */
  errorType: 'error_type',
  /**
   * JSON paths of the client's fields that translation dropped, with commas between; only when there are any. Empty when an
   * earlier attempt dropped some and this one none.
   */
  translationDropped: 'translation_dropped',
} as const;

/** Attributes asked for by the upstream filter; the text is the field name that the processor sees. */
const filterMetadata = (source: string, key: string) =>
  `xds.${source}.filter_metadata['${INTERNAL_METADATA_NAMESPACE}']['${key}']`;
export const attributes = {
  hostBackendName: filterMetadata('upstream_host_metadata', internalMetadata.backendName),
  clusterBackendName: filterMetadata('cluster_metadata', internalMetadata.backendName),
  hostUpstreamHost: filterMetadata('upstream_host_metadata', internalMetadata.upstreamHost),
  routeName: filterMetadata('route_metadata', internalMetadata.routeName),
  authDomain: filterMetadata('route_metadata', internalMetadata.authDomain),
} as const;

/** gRPC metadata on both ext_proc filters that tells the two kinds of stream apart (extension-server.md 21.18). */
export const FILTER_METADATA_HEADER = 'x-aigw-filter';
