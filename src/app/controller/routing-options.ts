import type { RoutingControllerOptions } from '../../modules/routing/controllers/routing-options.js';
import type { ControllerSettings } from '../../platform/config/controller-settings.js';
import { expectedRoutes } from '../../modules/extension-server/expected-routes.js';
import { isTranslationRecorded, recordedFaults, recordedFingerprint } from '../../shared/api/translation-record.js';

/** What routing takes of the settings. */
export const routingOptions = (settings: ControllerSettings): RoutingControllerOptions => ({
  version: settings.version,
  rootPrefix: settings.extProc.rootPrefix,
  envoyGatewayNamespace: settings.envoyGatewayNamespace,
  extProc: settings.extProc,
  extProcMode: settings.extProcMode,
  deployment: { replicas: settings.extProcReplicas, tlsSecret: settings.extProcTLSSecret },
  writesLegacySecret: settings.writesLegacySecret,
  closesUntilHookSeen: settings.failsClosedUntilHookSeen,
  isTranslationSeen: (world, gateway) => isTranslationRecorded(world, settings.podNamespace, gateway),
  isTranslationCurrent: (world, gateway) => {
    const fingerprint = expectedRoutes(world).get(gateway)?.fingerprint;
    return fingerprint !== undefined && fingerprint === recordedFingerprint(world, settings.podNamespace, gateway);
  },
  translationFaults: (world, gateway) => recordedFaults(world, settings.podNamespace, gateway),
});
