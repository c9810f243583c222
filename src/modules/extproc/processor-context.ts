import type { Logger } from 'pino';
import type { HeaderAttributes } from '../../shared/header-attributes.js';
import type { EndpointTable } from './endpoints/endpoint-table.js';
import type { RequestRegistry } from './request-registry.js';
import type { ConfigLoader } from './runtime-config/config-loader.js';
import type { GatewayMetrics } from './telemetry/gateway-metrics.js';
import type { GenAiMetrics } from './telemetry/genai-metrics.js';

/** What the streams of one process share. */
export interface ProcessorContext {
  readonly config: Pick<ConfigLoader, 'current' | 'findBackend' | 'requestReload'>;
  readonly registry: RequestRegistry;
  readonly endpoints: EndpointTable;
  readonly genAiMetrics: GenAiMetrics;
  readonly gatewayMetrics: GatewayMetrics;
  readonly logger: Logger;
  /** Request header → key of dynamic metadata. */
  readonly logHeaderAttributes: HeaderAttributes;
  /** Request header → metric label. */
  readonly metricsHeaderAttributes: HeaderAttributes;
  /** Removes our control headers from what the provider sees; access logs lose them too. */
  readonly stripsInternalHeaders: boolean;
  /** Monotonic, in milliseconds. */
  nowMs(): number;
  newId(): string;
}
