import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { UserFacingError } from '../../../shared/errors.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { certificateOfSecret, renewedSecret } from './own-certificate.js';
import { serviceDnsNames } from './renewal.js';
import { readServingCertificate, type ServingCertificate } from './serving-certificate.js';

const CHECK_INTERVAL_MS = 10_000;
/** As long as nobody can be served: proxies cannot start meanwhile. */
const FIRST_CHECK_INTERVAL_MS = 500;

/** What the certificates need of the cluster. */
export interface CertificateCluster {
  getSecret(namespace: string, name: string): Promise<Secret | undefined>;
  /** Creates or replaces. */
  applySecret(secret: Secret): Promise<void>;
  /** Puts the bundle into every entry of our webhook configurations, where it differs. */
  trust(ca: string): Promise<void>;
}

export interface WebhookCertificateOptions {
  readonly directory: string;
  readonly caName: string;
  readonly certName: string;
  readonly keyName: string;
  readonly secretName: string;
  readonly serviceName: string;
  readonly namespace: string;
  readonly cluster: CertificateCluster;
  /** Only the leader writes. */
  readonly isLeader: () => boolean;
  readonly now: () => Date;
  readonly logger: Logger;
  readonly onCertificate: (certificate: ServingCertificate) => void;
}

/**
 * The serving certificate of the webhooks and the trust in it. One that is mounted, by cert-manager for example, is used as it
 * is and read again when it changes. Without it the leader keeps one in a Secret, renews it in time, and all replicas read
 * it. Either way the leader keeps `caBundle` of the webhook configurations true, all the time and not only at the start.
 * @see spec controller.md sections 11 and 19 (row 2)
 */
export class WebhookCertificates {
  #current: ServingCertificate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #lastProblem = '';
  #isTrusted = false;
  #isStopped = false;

  constructor(private readonly options: WebhookCertificateOptions) {}

  get current(): ServingCertificate | undefined {
    return this.#current;
  }

  /** Resolves after the first check, whether or not it found a certificate. */
  async start(): Promise<void> {
    await this.check();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Looks at everything once; one check at a time. */
  check(): Promise<void> {
    this.#running = this.#running.then(() => this.#check());
    return this.#running;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const isSettled = this.#current !== undefined && (this.#isTrusted || !this.options.isLeader());
    this.#timer = setTimeout(
      () => void this.check().then(() => this.#schedule()),
      isSettled ? CHECK_INTERVAL_MS : FIRST_CHECK_INTERVAL_MS,
    );
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    try {
      const certificate = this.#mounted() ?? (await this.#own());
      if (certificate === undefined) return;
      // Trusted before it is served, so that no call fails in between.
      if (this.options.isLeader()) {
        if (certificate.ca !== '') await this.options.cluster.trust(certificate.ca);
        this.#isTrusted = true;
      }
      this.#use(certificate);
      this.#lastProblem = '';
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#lastProblem)
        this.options.logger.error({ reason }, 'the webhook certificate needs attention');
      this.#lastProblem = reason;
    }
  }

  #mounted(): ServingCertificate | undefined {
    const { directory, caName, certName, keyName } = this.options;
    const certPath = join(directory, certName);
    if (!existsSync(certPath)) return undefined;
    const caPath = join(directory, caName);
    return readServingCertificate(
      {
        certificate: readText(certPath),
        key: readText(join(directory, keyName)),
        ca: existsSync(caPath) ? readText(caPath) : '',
      },
      directory,
    );
  }

  async #own(): Promise<ServingCertificate | undefined> {
    const { cluster, namespace, secretName, serviceName, logger, now } = this.options;
    const secret = await cluster.getSecret(namespace, secretName);
    if (!this.options.isLeader()) return certificateOfSecret(secret);
    const names = { secret: { namespace, name: secretName }, dnsNames: serviceDnsNames(serviceName, namespace) };
    const renewed = await renewedSecret(secret, names, now(), this.#current?.ca);
    if (renewed === undefined) return certificateOfSecret(secret);
    const certificate = certificateOfSecret(renewed.secret);
    logger.info({ secret: `${namespace}/${secretName}`, reason: renewed.reason }, 'issuing a webhook certificate');
    if (certificate) await cluster.trust(certificate.ca);
    await cluster.applySecret(renewed.secret);
    return certificate;
  }

  #use(certificate: ServingCertificate): void {
    if (this.#current?.certificate === certificate.certificate && this.#current.ca === certificate.ca) return;
    this.#current = certificate;
    this.options.logger.info({ notAfter: certificate.notAfter.toISOString() }, 'using a webhook certificate');
    this.options.onCertificate(certificate);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UserFacingError(`${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}
