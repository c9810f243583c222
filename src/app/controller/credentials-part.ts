import type { DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { CredentialMetrics } from '../../modules/credentials/credential-metrics.js';
import { CredentialsModule } from '../../modules/credentials/credentials.module.js';
import type { Exchange } from '../../modules/credentials/exchange.js';
import { createExchange } from '../../modules/credentials/exchangers/exchange.js';
import { PolicyController } from '../../modules/credentials/policy-controller.js';
import { CredentialRotator } from '../../modules/credentials/rotator.js';
import type { Controller } from '../../modules/crd/controller.js';
import { SYSTEM_TIMING } from '../../modules/crd/timing.js';
import { AffectedRoots } from '../../modules/routing/controllers/affected-roots.js';
import { routingControllers } from '../../modules/routing/controllers/routing-controllers.js';
import type { RoutingControllerOptions } from '../../modules/routing/controllers/routing-options.js';
import type { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { UserFacingError } from '../../shared/errors.js';

/** All controllers, those of policies among them, and what rotation of credentials does on a schedule. */
export function composeControllers(
  options: RoutingControllerOptions,
  {
    metrics,
    logger,
    exchange,
    azureAmbientNamespaces,
  }: {
    readonly metrics: MetricsRegistry;
    readonly logger: Logger;
    readonly exchange: Exchange;
    readonly azureAmbientNamespaces: readonly string[];
  },
): { readonly controllers: readonly Controller[]; readonly credentials: DynamicModule } {
  const credentialMetrics = new CredentialMetrics(metrics, () => Date.now());
  const parts = { metrics: credentialMetrics, timing: SYSTEM_TIMING };
  const rotator = new CredentialRotator({ ...parts, exchange, logger: logger.child({ part: 'credentials' }) });
  const affected = new AffectedRoots();
  const policies = new PolicyController({ ...parts, affected, rotator, azureAmbientNamespaces });
  return {
    controllers: [...routingControllers(options, affected), policies],
    credentials: CredentialsModule.forRoot(policies, rotator),
  };
}

/** Exchanges over the network, with proxies from the environment. */
export function exchangeFromEnvironment(): Exchange {
  try {
    return createExchange({ now: () => new Date(), environment: process.env });
  } catch (error) {
    throw new UserFacingError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
