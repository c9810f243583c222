import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';
import {
  PostClusterModifyRequestSchema,
  PostClusterModifyResponseSchema,
  PostEndpointsModifyRequestSchema,
  PostEndpointsModifyResponseSchema,
  PostRouteModifyRequestSchema,
  PostRouteModifyResponseSchema,
  PostTranslateModifyRequestSchema,
  PostTranslateModifyResponseSchema,
} from '../../src/gen/proto/envoygateway/extension/service_pb.js';
import type { TranslationRecord } from '../../src/modules/extension-server/hooks.js';
import {
  createExtensionServer,
  DEFAULT_MAX_MESSAGE_BYTES,
  type ExtensionServerOptions,
} from '../../src/modules/extension-server/server.js';
import { ServingState } from '../../src/platform/grpc/health-calls.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { snapshotOf } from '../../src/shared/api/snapshot.js';
import { recordLine } from './recording.js';

export const EXTENSION_SERVICE = '/envoygateway.extension.EnvoyGatewayExtension/';

/** An extension server on a free port with a client by others; `close` ends both. Its clock goes on by 5 ms a look. */
export class ExtensionServerUnderTest {
  readonly records: TranslationRecord[] = [];
  readonly logs: Record<string, unknown>[] = [];
  readonly serving = new ServingState();
  readonly metrics = new MetricsRegistry();
  readonly #close: (() => void)[] = [];
  #client: Client | undefined;
  #nowMs = 0;
  #port = 0;

  static async start(overrides: Partial<ExtensionServerOptions> = {}): Promise<ExtensionServerUnderTest> {
    const fixture = new ExtensionServerUnderTest();
    const server = createExtensionServer({
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
      world: () => snapshotOf([]),
      editOptions: { extProcAddress: { udsPath: '/run.sock' }, logRequestHeaderAttributes: new Map() },
      serving: fixture.serving,
      meter: fixture.metrics.meter,
      logger: pino(
        { base: null },
        {
          write: (line: string) => {
            recordLine(line);
            fixture.logs.push(JSON.parse(line));
          },
        },
      ),
      nowMs: () => (fixture.#nowMs += 5),
      onTranslated: (record) => void fixture.records.push(record),
      ...overrides,
    });
    fixture.#close.push(() => server.destroy());
    await new Promise<void>((resolve, reject) => {
      server.listen((error) => (error === undefined ? resolve() : reject(error)));
    });
    const { target } = server;
    fixture.#port = target.kind === 'tcp' ? target.port : 0;
    fixture.#client = new Client(`127.0.0.1:${fixture.#port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
    });
    const client = fixture.#client;
    fixture.#close.push(() => client.close());
    return fixture;
  }

  get port(): number {
    return this.#port;
  }

  /** The answer in bytes; throws the ServiceError. */
  send(path: string, bytes: Uint8Array): Promise<Buffer> {
    const asIs = (message: Buffer) => message;
    return new Promise((resolve, reject) => {
      this.#client?.makeUnaryRequest<Buffer, Buffer>(
        path,
        asIs,
        asIs,
        Buffer.from(bytes),
        (error: ServiceError | null, answer) => (error === null && answer ? resolve(answer) : reject(error)),
      );
    });
  }

  async call<Request extends DescMessage, Answer extends DescMessage>(
    path: string,
    [request, answer]: readonly [Request, Answer],
    message: MessageInitShape<Request>,
  ): Promise<MessageShape<Answer>> {
    return fromBinary(answer, await this.send(path, toBinary(request, create(request, message))));
  }

  translate = (message: MessageInitShape<typeof PostTranslateModifyRequestSchema>) =>
    this.call(
      `${EXTENSION_SERVICE}PostTranslateModify`,
      [PostTranslateModifyRequestSchema, PostTranslateModifyResponseSchema],
      message,
    );
  modifyCluster = (message: MessageInitShape<typeof PostClusterModifyRequestSchema>) =>
    this.call(
      `${EXTENSION_SERVICE}PostClusterModify`,
      [PostClusterModifyRequestSchema, PostClusterModifyResponseSchema],
      message,
    );
  modifyRoute = (message: MessageInitShape<typeof PostRouteModifyRequestSchema>) =>
    this.call(
      `${EXTENSION_SERVICE}PostRouteModify`,
      [PostRouteModifyRequestSchema, PostRouteModifyResponseSchema],
      message,
    );
  modifyEndpoints = (message: MessageInitShape<typeof PostEndpointsModifyRequestSchema>) =>
    this.call(
      `${EXTENSION_SERVICE}PostEndpointsModify`,
      [PostEndpointsModifyRequestSchema, PostEndpointsModifyResponseSchema],
      message,
    );

  close(): void {
    for (const close of this.#close) close();
  }
}
