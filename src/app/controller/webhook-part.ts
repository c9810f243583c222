import type { Logger } from 'pino';
import { ApiError } from '../../modules/crd/connection/api-error.js';
import type { Cluster } from '../../modules/crd/cluster.js';
import { trustWebhookCa } from '../../modules/crd/webhook-trust.js';
import { hasNativeSidecars } from '../../modules/webhook/admit/server-version.js';
import {
  WebhookCertificates,
  type CertificateCluster,
} from '../../modules/webhook/certificates/webhook-certificates.js';
import { admitPod, type LiveReads } from '../../modules/webhook/pod-admission.js';
import { admitObject } from '../../modules/webhook/validate-object.js';
import { WebhookServer } from '../../modules/webhook/webhook-server.js';
import type { ControllerSettings } from '../../platform/config/controller-settings.js';
import type { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import type { Secret } from '../../shared/api/gateway-api.js';
import { UserFacingError } from '../../shared/errors.js';
import { kinds } from '../../shared/api/kinds.js';
import { nameOfWebhookConfiguration } from '../../modules/webhook/names.js';

const NOT_COUNTED = -1;

export interface WebhookPartParts {
  readonly settings: ControllerSettings;
  readonly cluster: () => Cluster;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
  /** The process has to end: nobody can call the webhooks. */
  readonly onFatal: (error: Error) => void;
}

const FORBIDDEN = 403;

/** Webhook server and certificate, tied to the cluster. */
export class WebhookPart {
  readonly #server: WebhookServer;
  readonly #certificates: WebhookCertificates;
  #hasNativeSidecars: Promise<boolean> | undefined;
  #configurations = NOT_COUNTED;
  private readonly settings: ControllerSettings;
  private readonly cluster: () => Cluster;
  private readonly logger: Logger;

  constructor(parts: WebhookPartParts) {
    const { settings, cluster, logger } = parts;
    this.settings = settings;
    this.cluster = cluster;
    this.logger = logger;
    const handlers = {
      '/mutate': async (request: Parameters<typeof admitPod>[0]) =>
        admitPod(request, {
          settings: settings.extProc,
          isSidecarMode: settings.extProcMode === 'sidecar',
          hasNativeSidecars: await this.#sidecars(),
          world: () => cluster().world,
          live: this.#live(),
        }),
      '/validate': (request: Parameters<typeof admitObject>[0]) =>
        admitObject(request, cluster().world, settings, (namespace, name) =>
          this.#live().get(kinds.secret, namespace, name),
        ),
    };
    this.#server = new WebhookServer(settings.webhookPort, handlers, logger);
    this.#certificates = new WebhookCertificates({
      ...settings.webhookTls,
      namespace: settings.podNamespace,
      cluster: this.#certificateCluster(),
      isLeader: () => cluster().isLeader,
      now: () => new Date(),
      logger,
      onCertificate: (certificate) => {
        this.#server.useCertificate(certificate).catch(({ message }: Error) => {
          parts.onFatal(new UserFacingError(`-webhookPort: cannot serve the webhooks: ${message}`));
        });
      },
    });
    parts.metrics.meter
      .createObservableGauge('aigateway_controller_webhook_certificate_expiry', {
        description: 'When the serving certificate of the webhooks ends, as a Unix time.',
        unit: 's',
      })
      .addCallback((result) => {
        const { current } = this.#certificates;
        if (current) result.observe(current.notAfter.getTime() / 1_000);
      });
  }

  async start(): Promise<void> {
    await this.#certificates.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#certificates.stop(), this.#server.close()]);
  }

  /** Why webhooks cannot be called; undefined when they can. */
  problem(): string | undefined {
    return this.#certificates.problem() ?? (this.#server.isListening ? undefined : 'not listening');
  }

  /** Asked once; a cluster does not become older. */
  #sidecars(): Promise<boolean> {
    this.#hasNativeSidecars ??= this.cluster()
      .client.version()
      .then(hasNativeSidecars)
      .catch((error: unknown) => {
        this.#hasNativeSidecars = undefined;
        throw error;
      });
    return this.#hasNativeSidecars;
  }

  #live(): LiveReads {
    const { client } = this.cluster();
    const { watchNamespaces } = this.settings;
    return {
      list: async (type) => {
        const pages = await Promise.all(
          watchNamespaces.length === 0
            ? [client.list(type)]
            : watchNamespaces.map((namespace) => client.list(type, { namespace })),
        );
        return pages.flatMap(({ items }) => items.map(({ object }) => object));
      },
      get: (type, namespace, name) =>
        client.get({ type, namespace, name }).then(
          (found) => found?.object,
          // Namespaces that are not watched are none of ours: what is there counts as missing.
          (error: unknown) => {
            if (watchNamespaces.length > 0 && error instanceof ApiError && error.status === FORBIDDEN) return undefined;
            throw error;
          },
        ),
    };
  }

  #certificateCluster(): CertificateCluster {
    const name = nameOfWebhookConfiguration(this.settings.podNamespace);
    return {
      getSecret: async (namespace, secret) =>
        (await this.cluster().client.get({ type: kinds.secret, namespace, name: secret }))?.object as
          Secret | undefined,
      applySecret: async (secret) => {
        await this.cluster().client.apply(secret, { force: true });
      },
      trust: async (ca) => {
        const count = await trustWebhookCa(this.cluster().client, name, ca);
        // Asked again and again: told when it changes.
        if (count === 0 && this.#configurations !== 0)
          this.logger.warn({ name }, 'there is no webhook configuration: no proxy gets its External Processor');
        this.#configurations = count;
      },
    };
  }
}
