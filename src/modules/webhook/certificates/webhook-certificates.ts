import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { UserFacingError } from '../../../shared/errors.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { certificateOfSecret, renewedSecret } from './own-certificate.js';
import { calledName, hasBegun, serviceDnsNames } from './renewal.js';
import { isVouchedFor, readServingCertificate, type ServingCertificate } from './serving-certificate.js';

const CHECK_INTERVAL_MS = 10_000;
/** As long as nobody can be served: proxies cannot start meanwhile. */
const FIRST_CHECK_INTERVAL_MS = 500;
/** Longer than the Lease of a leader that is gone, and than a leader of ours needs. */
const ABANDONED_MS = 30_000;

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
  /** Only the leader writes, unless it leaves the Secret without a valid certificate for half a minute. */
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
  #fault: string | undefined;
  /** Since when the Secret holds none that can be served. */
  #badSince: Date | undefined;
  #isTrusted = false;
  #isStopped = false;

  constructor(private readonly options: WebhookCertificateOptions) {}

  get current(): ServingCertificate | undefined {
    return this.#current;
  }

  /** Why the API server cannot trust what is served; undefined when it can. */
  problem(): string | undefined {
    return problemOf(this.#current, this.options.now()) ?? this.#fault;
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
      const mounted = this.#mounted();
      const fault = mounted && this.#faultOf(mounted);
      // It must not take the place of one that works, nor its CA that of the other's. Without another one it is served.
      if (fault !== undefined && this.#current) throw new UserFacingError(fault);
      const certificate = mounted ?? (await this.#own());
      if (certificate === undefined) return;
      // Trusted before it is served, so that no call fails in between.
      if (this.options.isLeader()) {
        if (certificate.ca !== '') await this.options.cluster.trust(certificate.ca);
        this.#isTrusted = true;
      }
      this.#use(certificate);
      this.#fault = fault;
      if (fault !== undefined) throw new UserFacingError(fault);
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

  /** Why no API server accepts it; undefined when it does. */
  #faultOf({ certificate, ca, dnsNames }: ServingCertificate): string | undefined {
    const { directory, caName, certName, serviceName, namespace } = this.options;
    const host = calledName(serviceName, namespace);
    if (new X509Certificate(certificate).checkHost(host, { subject: 'never' }) === undefined)
      return `${join(directory, certName)}: is for ${dnsNames.join(', ') || 'no DNS name'}; expected one for ${host}`;
    if (ca !== '' && !isVouchedFor(certificate, ca))
      return `${join(directory, caName)}: is not the CA of ${certName}; expected the one that signed it`;
    return undefined;
  }

  async #own(): Promise<ServingCertificate | undefined> {
    const { cluster, namespace, secretName, serviceName, logger, now } = this.options;
    const secret = await cluster.getSecret(namespace, secretName);
    if (!this.options.isLeader() && !this.#isAbandoned(secret)) return certificateOfSecret(secret);
    const names = { secret: { namespace, name: secretName }, dnsNames: serviceDnsNames(serviceName, namespace) };
    const renewed = await renewedSecret(secret, names, now(), this.#current?.ca);
    if (renewed === undefined) return certificateOfSecret(secret);
    const certificate = certificateOfSecret(renewed.secret);
    logger.info({ secret: `${namespace}/${secretName}`, reason: renewed.reason }, 'issuing a webhook certificate');
    if (certificate) await cluster.trust(certificate.ca);
    await cluster.applySecret(renewed.secret);
    return certificate;
  }

  /**
   * Whether nobody makes a certificate: a controller of the reference that leads does not, and is replaced only by one that is
   * ready, which takes a certificate.
   */
  #isAbandoned(secret: Secret | undefined): boolean {
    const now = this.options.now();
    if (problemOf(certificateOfSecret(secret), now) === undefined) this.#badSince = undefined;
    else this.#badSince ??= now;
    return this.#badSince !== undefined && now.getTime() - this.#badSince.getTime() >= ABANDONED_MS;
  }

  #use(certificate: ServingCertificate): void {
    if (this.#current?.certificate === certificate.certificate && this.#current.ca === certificate.ca) return;
    this.#current = certificate;
    this.options.logger.info({ notAfter: certificate.notAfter.toISOString() }, 'using a webhook certificate');
    this.options.onCertificate(certificate);
  }
}

function problemOf(certificate: ServingCertificate | undefined, now: Date): string | undefined {
  if (certificate === undefined) return 'there is no serving certificate yet';
  if (certificate.notAfter <= now) return 'the serving certificate has expired';
  return hasBegun(certificate, now) ? undefined : 'the serving certificate is not valid yet';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UserFacingError(`${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}
