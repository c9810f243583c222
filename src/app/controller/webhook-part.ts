import type { Logger } from 'pino';
import type { Cluster } from '../../modules/crd/cluster.js';
import { trustWebhookCa } from '../../modules/crd/webhook-trust.js';
import { hasNativeSidecars } from '../../modules/webhook/admit/server-version.js';
import {
  WebhookCertificates,
  type CertificateCluster,
} from '../../modules/webhook/certificates/webhook-certificates.js';
import { admitPod, type LiveReads } from '../../modules/webhook/pod-admission.js';
import { validateObject } from '../../modules/webhook/validate-object.js';
import { WebhookServer } from '../../modules/webhook/webhook-server.js';
import type { ControllerSettings } from '../../platform/config/controller-settings.js';
import type { Secret } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { nameOfWebhookConfiguration } from '../../modules/webhook/names.js';

/** Webhook server and certificate, tied to the cluster. */
export class WebhookPart {
  readonly #server: WebhookServer;
  readonly #certificates: WebhookCertificates;
  #hasNativeSidecars: Promise<boolean> | undefined;

  constructor(
    private readonly settings: ControllerSettings,
    private readonly cluster: () => Cluster,
    private readonly logger: Logger,
  ) {
    const handlers = {
      '/mutate': async (request: Parameters<typeof admitPod>[0]) =>
        admitPod(request, {
          settings: settings.extProc,
          isSidecarMode: settings.extProcMode === 'sidecar',
          hasNativeSidecars: await this.#sidecars(),
          world: () => cluster().world,
          live: this.#live(),
        }),
      '/validate': (request: Parameters<typeof validateObject>[0]) => validateObject(request, cluster().world),
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
        this.#server
          .useCertificate(certificate)
          .catch((error: unknown) => logger.error({ error }, 'the webhook server cannot listen'));
      },
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
    const certificate = this.#certificates.current;
    if (certificate === undefined) return 'there is no serving certificate yet';
    if (certificate.notAfter.getTime() <= Date.now()) return 'the serving certificate has expired';
    return this.#server.isListening ? undefined : 'not listening';
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
      has: async (type, namespace, name) => (await client.get({ type, namespace, name })) !== undefined,
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
        if ((await trustWebhookCa(this.cluster().client, name, ca)) === 0)
          this.logger.warn({ name }, 'there is no webhook configuration: no proxy gets its External Processor');
      },
    };
  }
}
