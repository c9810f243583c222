import type { AccessLogSetting } from '../../../shared/api/envoy-gateway.js';
import { METADATA_NAMESPACE, metadataKeys } from '../../../shared/headers.js';

/** Writes a value of the processor's dynamic metadata into a line. */
export const metadataOperator = (key: string): string => `%DYNAMIC_METADATA(${METADATA_NAMESPACE}:${key})%`;

/**
 * Lines of requests to models, as JSON; users' dashboards read these keys. A value that is missing is null. The token
 * keys are those of the generated routes. @see spec observability.md 7.3 column A and 7.4
 */
export const BUILT_IN_ACCESS_LOG = {
  matches: ["request.headers['x-ai-eg-model'] != ''"],
  format: {
    type: 'JSON',
    json: {
      start_time: '%START_TIME%',
      method: '%REQ(:METHOD)%',
      'request.path': '%REQ(:PATH)%',
      'x-envoy-origin-path': '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
      response_code: '%RESPONSE_CODE%',
      connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
      upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
      bytes_received: '%BYTES_RECEIVED%',
      bytes_sent: '%BYTES_SENT%',
      duration: '%DURATION%',
      'x-envoy-upstream-service-time': '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
      'x-forwarded-for': '%REQ(X-FORWARDED-FOR)%',
      'user-agent': '%REQ(USER-AGENT)%',
      'x-request-id': '%REQ(X-REQUEST-ID)%',
      upstream_host: '%UPSTREAM_HOST%',
      upstream_cluster: '%UPSTREAM_CLUSTER%',
      upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
      downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
      downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
      'gen_ai.request.model': '%REQ(X-AI-EG-MODEL)%',
      'gen_ai.response.model': metadataOperator(metadataKeys.responseModel),
      'gen_ai.provider.name': metadataOperator(metadataKeys.backendName),
      'gen_ai.usage.input_tokens': metadataOperator('llm_input_token'),
      'gen_ai.usage.output_tokens': metadataOperator('llm_output_token'),
      'gen_ai.usage.reasoning_tokens': metadataOperator('llm_reasoning_token'),
      'session.id': metadataOperator('session.id'),
    },
  },
} as const satisfies Omit<AccessLogSetting, 'sinks'>;
