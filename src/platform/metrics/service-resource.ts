import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';

/** Instrumentation scope of all meters and tracers. @see spec observability.md section 2.1 */
export const INSTRUMENTATION_SCOPE = 'envoyproxy/ai-gateway';

/** `service.name` unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` give another. */
const SERVICE_NAME = 'ai-gateway';

/** What metrics and spans say of this process; the same for all exporters. */
export const serviceResource = (): Resource =>
  defaultResource()
    .merge(resourceFromAttributes({ 'service.name': SERVICE_NAME }))
    .merge(detectResources({ detectors: [envDetector] }));
