import { create, fromBinary, toBinary, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import { pino } from 'pino';
import { ProcessingMode_BodySendMode } from '../../src/gen/proto/envoy/extensions/filters/http/ext_proc/v3/processing_mode_pb.js';
import {
  CommonResponse_ResponseStatus,
  ProcessingRequestSchema,
  ProcessingResponseSchema,
  type CommonResponse,
  type HeaderMutation,
  type ProcessingResponse,
} from '../../src/gen/proto/envoy/service/ext_proc/v3/external_processor_pb.js';
import { buildEndpointTable } from '../../src/modules/extproc/endpoints/endpoint-table.js';
import type { ProcessorContext } from '../../src/modules/extproc/processor-context.js';
import { RequestRegistry } from '../../src/modules/extproc/request-registry.js';
import { compileRuntimeConfig } from '../../src/modules/extproc/runtime-config/compile.js';
import type { RuntimeConfig } from '../../src/modules/extproc/runtime-config/runtime-config.js';
import { StreamSession } from '../../src/modules/extproc/stream-session.js';
import { GatewayMetrics } from '../../src/modules/extproc/telemetry/gateway-metrics.js';
import { GenAiMetrics } from '../../src/modules/extproc/telemetry/genai-metrics.js';
import type { RequestBodyMode, ResponseBodyMode } from '../../src/modules/extproc/wire/processing-response.js';
import type { CallEnd, CallFactory, CallLogic, CallPeer } from '../../src/platform/grpc/call.js';
import { GrpcError, grpcStatus } from '../../src/platform/grpc/status.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { DEFAULT_ENDPOINT_PREFIXES } from '../../src/shared/endpoint-prefixes.js';
import type { BackendConfig, FilterConfig } from '../../src/shared/filter-config/filter-config.js';
import { FILTER_METADATA_HEADER, METADATA_NAMESPACE, attributes } from '../../src/shared/headers.js';
import { fixedEnv } from './cell.js';
import { noCredentials } from './credential-sources.js';
import { MetricsText } from './metrics-text.js';
import { recordLine } from './recording.js';

/** `<ns>/<backend>/route/<route>/rule/<i>/ref/<j>` of backend `ns/<name>`. */
export const backendIdentity = (name: string): string => `ns/${name}/route/ns/r/rule/0/ref/0`;

/** A backend of the filter configuration. */
export function buildBackend(name: string, more: Partial<BackendConfig> = {}): BackendConfig {
  return { name: backendIdentity(name), modelNameOverride: '', schema: { name: 'OpenAI', prefix: 'v1' }, ...more };
}

export type HeaderPairs = Readonly<Record<string, string>>;

/** Headers of a chat completion as Envoy shows them. */
export const CHAT_HEADERS: HeaderPairs = {
  ':method': 'POST',
  ':path': '/v1/chat/completions',
  ':authority': 'gateway.test',
  'content-type': 'application/json',
  'x-request-id': 'r1',
};

/** A processor without sockets: the real parts, with a clock that the test moves. */
export class ExtprocWorld {
  nowMs = 1000;
  readonly context: ProcessorContext;
  readonly logs: Record<string, unknown>[] = [];
  /** Backends that were waited for. */
  readonly awaited: string[] = [];
  /** What a wait for a backend waits for. */
  arrival: Promise<void> | undefined;
  config: RuntimeConfig | undefined;
  readonly #metrics = new MetricsRegistry();
  #ids = 0;

  constructor(config: Partial<FilterConfig> | undefined, overrides: Partial<ProcessorContext> = {}) {
    if (config) this.use(config);
    // A getter in an object literal has its own `this`.
    const current = () => this.config;
    this.context = {
      config: {
        get current() {
          return current();
        },
        findBackend: (name) => this.config?.backends.get(name),
        awaitBackend: async (name) => {
          this.awaited.push(name);
          await this.arrival;
          return this.config?.backends.get(name);
        },
      },
      registry: new RequestRegistry(100),
      endpoints: buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES),
      genAiMetrics: new GenAiMetrics(this.#metrics),
      gatewayMetrics: new GatewayMetrics(this.#metrics),
      logger: pino(
        { level: 'debug', base: null, timestamp: false },
        {
          write: (line) => {
            recordLine(line);
            this.logs.push(JSON.parse(line) as never);
          },
        },
      ),
      logHeaderAttributes: new Map(),
      metricsHeaderAttributes: new Map(),
      stripsInternalHeaders: false,
      nowMs: () => this.nowMs,
      newId: () => `id${++this.#ids}`,
      translatorEnv: fixedEnv(),
      ...overrides,
    };
  }

  /** Puts another configuration into use. */
  use(config: Partial<FilterConfig>): void {
    this.config = compileRuntimeConfig(
      {
        version: 'test',
        uuid: 'u',
        globalLLMRequestCosts: [],
        llmRequestCosts: [],
        backends: [],
        models: [],
        ...config,
      },
      noCredentials(),
    );
  }

  /** A stream as our own xDS opens it: gRPC metadata tells which filter it is of. */
  stream(filter: 'router' | 'upstream' | undefined): StreamUnderTest {
    const factory: CallFactory = (peer, metadata) => new StreamSession(this.context, peer, metadata);
    return new StreamUnderTest(factory, filter);
  }

  /** A client request up to the point where Envoy has chosen a route. */
  async routed(body: string, headers: HeaderPairs = CHAT_HEADERS): Promise<ClientRequest> {
    const request = new ClientRequest(this, headers);
    await request.route(body);
    return request;
  }

  async metrics(): Promise<MetricsText> {
    return new MetricsText(await this.#metrics.text());
  }
}

type RequestInit = MessageInitShape<typeof ProcessingRequestSchema>;
/** What may come with headers besides them. */
export interface HeadersContext {
  readonly attributes?: Record<string, JsonObject>;
  readonly metadataContext?: { readonly filterMetadata: Record<string, JsonObject> };
}

/** What Envoy hears from one stream, and what it says on it. */
export class StreamUnderTest implements CallPeer {
  readonly answers: ProcessingResponse[] = [];
  /** Set when the processor ended the stream. */
  ended: { readonly code: number; readonly message: string | undefined } | undefined;
  readonly #logic: CallLogic;

  constructor(factory: CallFactory, filter: string | undefined) {
    this.#logic = factory(this, filter === undefined ? {} : { [FILTER_METADATA_HEADER]: filter });
  }

  send(frame: Buffer): void {
    if (!this.ended) this.answers.push(fromBinary(ProcessingResponseSchema, frame.subarray(5)));
  }

  end(code: number, message?: string): void {
    this.ended ??= { code, message };
  }

  /** Hands over one message and returns its answer; undefined when the stream failed instead. */
  async say(init: RequestInit): Promise<Answer | undefined> {
    return this.bytes(toBinary(ProcessingRequestSchema, create(ProcessingRequestSchema, init)));
  }

  /** As `say`, with the message encoded. */
  async bytes(message: Uint8Array): Promise<Answer | undefined> {
    const before = this.answers.length;
    try {
      await this.#logic.onMessage(Buffer.from(message));
    } catch (error) {
      const { code, message } =
        error instanceof GrpcError ? error : { code: grpcStatus.internal, message: 'internal error' };
      this.#logic.onEnd('failed', error);
      this.end(code, message);
      return undefined;
    }
    const answer = this.answers[before];
    return answer && new Answer(answer);
  }

  async headers(
    kind: 'requestHeaders' | 'responseHeaders',
    headers: HeaderPairs | readonly (readonly [string, string])[],
    more: HeadersContext & { readonly endOfStream?: boolean } = {},
  ): Promise<Answer | undefined> {
    const { endOfStream = false, ...rest } = more;
    const pairs = Array.isArray(headers)
      ? (headers as readonly (readonly [string, string])[])
      : Object.entries(headers as HeaderPairs);
    const list = pairs.map(([key, value]) => ({ key, rawValue: Buffer.from(value) }));
    return this.say({ ...rest, request: { case: kind, value: { headers: { headers: list }, endOfStream } } });
  }

  async body(
    kind: 'requestBody' | 'responseBody',
    body: string | Uint8Array,
    endOfStream = true,
  ): Promise<Answer | undefined> {
    return this.say({ request: { case: kind, value: { body: Buffer.from(body), endOfStream } } });
  }

  /** Envoy goes away, the usual end. */
  close(end: CallEnd = 'cancelled'): void {
    this.#logic.onEnd(end);
  }
}

/** An answer in the words of tests. */
export class Answer {
  constructor(readonly message: ProcessingResponse) {}

  get kind(): string | undefined {
    return this.message.response.case;
  }

  get #common(): CommonResponse | undefined {
    const { response } = this.message;
    return response.case === 'immediateResponse' || response.case === undefined
      ? undefined
      : (response.value as { response?: CommonResponse }).response;
  }

  get #mutation(): HeaderMutation | undefined {
    const { response } = this.message;
    return response.case === 'immediateResponse' ? response.value.headers : this.#common?.headerMutation;
  }

  /** In the order of the wire. */
  get sets(): readonly (readonly [string, string])[] {
    return (this.#mutation?.setHeaders ?? []).map(({ header }) => [
      header!.key,
      Buffer.from(header!.rawValue).toString(),
    ]);
  }

  get setMap(): Record<string, string> {
    return Object.fromEntries(this.sets);
  }

  get removes(): readonly string[] {
    return this.#mutation?.removeHeaders ?? [];
  }

  get body(): string | undefined {
    const { response } = this.message;
    if (response.case === 'immediateResponse') return Buffer.from(response.value.body).toString();
    const mutation = this.#common?.bodyMutation?.mutation;
    return mutation?.case === 'body' ? Buffer.from(mutation.value).toString() : undefined;
  }

  /** What full duplex has in place of `body`. */
  get streamed(): { readonly text: string; readonly isLast: boolean } | undefined {
    const mutation = this.#common?.bodyMutation?.mutation;
    if (mutation?.case !== 'streamedResponse') return undefined;
    return { text: Buffer.from(mutation.value.body).toString(), isLast: mutation.value.endOfStream };
  }

  get replacesBody(): boolean {
    return this.#common?.status === CommonResponse_ResponseStatus.CONTINUE_AND_REPLACE;
  }

  get clearsRouteCache(): boolean {
    return this.#common?.clearRouteCache ?? false;
  }

  /** How Envoy is to hand over the response body from now on. */
  get responseBodyMode(): ResponseBodyMode | undefined {
    if (!this.message.modeOverride) return undefined;
    const { responseBodyMode } = this.message.modeOverride;
    if (responseBodyMode === ProcessingMode_BodySendMode.NONE) return 'none';
    if (responseBodyMode === ProcessingMode_BodySendMode.FULL_DUPLEX_STREAMED) return 'full-duplex';
    return responseBodyMode === ProcessingMode_BodySendMode.STREAMED ? 'streamed' : 'buffered';
  }

  /** How Envoy is to hand over the request body; told with the mode of the response body. */
  get requestBodyMode(): RequestBodyMode | undefined {
    if (!this.message.modeOverride) return undefined;
    return this.message.modeOverride.requestBodyMode === ProcessingMode_BodySendMode.NONE ? 'none' : 'buffered';
  }

  get metadata(): Record<string, unknown> | undefined {
    const namespace = this.message.dynamicMetadata?.[METADATA_NAMESPACE] as Record<string, unknown> | undefined;
    return namespace && { ...namespace };
  }

  /** Undefined unless the processor answers the client itself. */
  get localReply(): { status: number; details: string; body: unknown } | undefined {
    const { response } = this.message;
    if (response.case !== 'immediateResponse') return undefined;
    const { status, details } = response.value;
    return {
      status: status!.code,
      details,
      body: this.setMap['content-type'] === 'application/json' ? JSON.parse(this.body!) : this.body,
    };
  }

  /** Lets Envoy go on without a change. */
  get isEmpty(): boolean {
    const { sets, removes, body, streamed, clearsRouteCache, responseBodyMode, metadata, replacesBody } = this;
    return (
      !sets.length &&
      !removes.length &&
      body === undefined &&
      streamed === undefined &&
      !clearsRouteCache &&
      !responseBodyMode &&
      !metadata &&
      !replacesBody &&
      this.kind !== 'immediateResponse'
    );
  }
}

/** One client request with the header map that all its attempts share, as Envoy keeps it. */
export class ClientRequest {
  readonly router: StreamUnderTest;
  readonly headers: Map<string, string>;

  constructor(
    private readonly world: ExtprocWorld,
    headers: HeaderPairs,
  ) {
    this.router = world.stream('router');
    this.headers = new Map(Object.entries(headers));
  }

  async route(body: string): Promise<void> {
    this.#apply(await this.router.headers('requestHeaders', [...this.headers]));
    this.#apply(await this.router.body('requestBody', body));
  }

  /** An attempt at a backend; its answer changes the header map. */
  async attempt(
    backend: string | undefined,
    more: { route?: string; attributes?: JsonObject; metadata?: Record<string, JsonObject> } = {},
  ): Promise<Answer> {
    const upstream = this.world.stream('upstream');
    const found: JsonObject = {
      ...(backend === undefined ? {} : { [attributes.hostBackendName]: backend }),
      [attributes.routeName]: more.route ?? 'ns/r',
      ...more.attributes,
    };
    const answer = await upstream.headers('requestHeaders', [...this.headers], {
      attributes: { 'envoy.filters.http.ext_proc': found },
      metadataContext: { filterMetadata: more.metadata ?? {} },
    });
    if (!answer) throw new Error(`the attempt failed: ${upstream.ended?.code} ${upstream.ended?.message}`);
    this.#apply(answer);
    return answer;
  }

  #apply(answer: Answer | undefined): void {
    for (const name of answer?.removes ?? []) this.headers.delete(name);
    for (const [name, value] of answer?.sets ?? []) {
      // Not writable by Envoy's default mutation rules, spec extproc.md 4.1.
      if (!name.startsWith('x-envoy-')) this.headers.set(name, value);
    }
  }
}
