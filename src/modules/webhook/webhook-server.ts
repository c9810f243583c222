import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { UserFacingError } from '../../shared/errors.js';
import { displayName } from '../../shared/api/kube-object.js';
import {
  parseAdmissionReview,
  writeAdmissionReview,
  type AdmissionRequest,
  type Verdict,
} from './admit/admission-review.js';
import type { ServingCertificate } from './certificates/serving-certificate.js';

/** Far beyond an object that etcd takes (1.5 MiB), twice as the old one comes along. */
const BODY_MAX_BYTES = 8 << 20;
const REQUEST_TIMEOUT_MS = 10_000;
/** Longer than the API server keeps an idle connection (90 s): a call on one that we close in that moment would fail. */
const KEEP_ALIVE_MS = 120_000;
const FORBIDDEN = 403;
const TOO_LARGE = 413;

export type Admit = (request: AdmissionRequest) => Verdict | Promise<Verdict>;

/** An error that tells its own HTTP status, such as one of the API server. */
interface StatusError extends Error {
  readonly status: number;
}

/** Admission webhooks over HTTPS; the certificate may change at any time without a connection being lost. */
export class WebhookServer {
  #server: Server | undefined;
  #isClosing = false;

  constructor(
    private readonly port: number,
    private readonly handlers: Readonly<Record<string, Admit>>,
    private readonly logger: Logger,
  ) {}

  get isListening(): boolean {
    return this.#server?.listening ?? false;
  }

  /** The port in use, for servers that were given 0. */
  get listeningPort(): number | undefined {
    return (this.#server?.address() as AddressInfo | null)?.port;
  }

  /** Listens once the first certificate is there; later ones are for new connections. Rejects when it cannot listen. */
  async useCertificate({ certificate, key }: ServingCertificate): Promise<void> {
    const context = { cert: certificate, key: key.reveal(), minVersion: 'TLSv1.2' } as const;
    if (this.#server) {
      this.#server.setSecureContext(context);
      return;
    }
    const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS };
    const server = createServer({ ...context, ...timeouts }, (request, response) => {
      void this.#serve(request, response);
    });
    // A client that does not speak TLS is no fault of ours.
    server.on('tlsClientError', (error) =>
      this.logger.debug({ reason: error.message }, 'webhook TLS handshake failed'),
    );
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, () => resolve());
    });
    server.on('error', (error) => this.logger.error({ reason: error.message }, 'the webhook server failed'));
    this.logger.info({ port: this.listeningPort }, 'webhook server listening');
  }

  /** Lets admissions under way end; their connections end with them. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#isClosing = true;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '';
    const admit = Object.hasOwn(this.handlers, path) ? this.handlers[path] : undefined;
    if (admit === undefined) return this.#answer(response, 404, 'no webhook has this path\n', 'text/plain');
    if (request.method !== 'POST') return this.#answer(response, 405, 'expected POST\n', 'text/plain');
    try {
      const body = await readBody(request);
      if (body === undefined) return this.#refuseTooLarge(request, response);
      const review = parseAdmissionReview(body);
      this.#answer(
        response,
        200,
        writeAdmissionReview(review.uid, await this.#admit(admit, review)),
        'application/json',
      );
    } catch (error) {
      const message = error instanceof UserFacingError ? error.message : 'the request could not be read';
      this.#answer(response, 400, `${message}\n`, 'text/plain');
    }
  }

  /** The rest of the body is dropped, and the connection ends after the answer. */
  #refuseTooLarge(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    response.shouldKeepAlive = false;
    const message = `the body is longer than ${BODY_MAX_BYTES} bytes; expected an AdmissionReview\n`;
    this.#answer(response, TOO_LARGE, message, 'text/plain');
  }

  #answer(response: ServerResponse, status: number, body: string, contentType: string): void {
    if (this.#isClosing) response.shouldKeepAlive = false;
    response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }

  async #admit(admit: Admit, request: AdmissionRequest): Promise<Verdict> {
    try {
      return await admit(request);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const object = request.object && displayName(request.object);
      this.logger.error({ object, namespace: request.namespace, reason }, 'admission failed');
      const code = isStatusError(error) ? error.status : FORBIDDEN;
      return { allowed: false, denial: { code, message: `AI gateway webhook: ${reason}` } };
    }
  }
}

const isStatusError = (error: unknown): error is StatusError =>
  error instanceof Error && 'status' in error && typeof error.status === 'number';

/** Undefined when it is longer than it may be; the rest of it is then still to come. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // Leaving the loop must not close the connection: the answer goes over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
