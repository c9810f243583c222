const operatorOf = (name: string): string => `%${name.toUpperCase()}%`;
const ai = (key: string): string => `%DYNAMIC_METADATA(io.envoy.ai_gateway:${key})%`;

const PLAIN = [
  'start_time',
  'response_code',
  'connection_termination_details',
  'upstream_transport_failure_reason',
  'bytes_received',
  'bytes_sent',
  'duration',
  'upstream_host',
  'upstream_cluster',
  'upstream_local_address',
  'downstream_local_address',
  'downstream_remote_address',
];

/** Fields of one access-log line of an AI request, name → Envoy format. @see spec observability.md 7.3, column A */
const LLM_FIELDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(PLAIN.map((name) => [name, operatorOf(name)])),
  method: '%REQ(:METHOD)%',
  'request.path': '%REQ(:PATH)%',
  'x-envoy-origin-path': '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  'x-envoy-upstream-service-time': '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  'x-forwarded-for': '%REQ(X-FORWARDED-FOR)%',
  'user-agent': '%REQ(USER-AGENT)%',
  'x-request-id': '%REQ(X-REQUEST-ID)%',
  'gen_ai.request.model': '%REQ(X-AI-EG-MODEL)%',
  'gen_ai.response.model': ai('response_model'),
  'gen_ai.provider.name': ai('backend_name'),
  'gen_ai.usage.input_tokens': ai('llm_input_token'),
  'gen_ai.usage.output_tokens': ai('llm_output_token'),
  'gen_ai.usage.reasoning_tokens': ai('llm_reasoning_token'),
  'session.id': ai('session.id'),
};

/** `spec.telemetry.accessLog` of the generated EnvoyProxy: one JSON line per AI request on Envoy's standard output. */
export const generatedAccessLog = {
  settings: [
    {
      matches: ["request.headers['x-ai-eg-model'] != ''"],
      format: { type: 'JSON', json: LLM_FIELDS },
      sinks: [{ type: 'File', file: { path: '/dev/stdout' } }],
    },
  ],
};
