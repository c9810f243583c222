import type { Logger } from 'pino';
import type { TracingSettings } from '../../../platform/config/extproc-otel.js';
import { startTracing } from '../../../platform/tracing/start-tracing.js';
import type { HeaderAttributes } from '../../../shared/header-attributes.js';
import { RequestTracer } from './request-tracer.js';
import type { SpanConvention } from './span-convention.js';

export interface RequestTracing {
  readonly tracer: RequestTracer;
  /** Sends the spans that are waiting; gives up after 5 s. */
  readonly shutdown: () => Promise<void>;
}

export interface RequestTracingOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly headerAttributes: HeaderAttributes;
  readonly logger: Logger;
  readonly warn: (reason: string) => void;
}

/** Only to be loaded when tracing is on: everything that it needs comes with it. */
export async function startRequestTracing(
  settings: TracingSettings,
  { env, headerAttributes, logger, warn }: RequestTracingOptions,
): Promise<RequestTracing> {
  const convention = await loadConvention(settings.convention, env);
  const { hasUnlimitedAttributes } = convention;
  const { tracer, propagator, shutdown } = await startTracing(settings, { hasUnlimitedAttributes, warn });
  return { tracer: new RequestTracer({ tracer, propagator, convention, headerAttributes, logger }), shutdown };
}

async function loadConvention(
  name: TracingSettings['convention'],
  env: RequestTracingOptions['env'],
): Promise<SpanConvention> {
  switch (name) {
    case 'openinference':
      return (await import('./openinference/open-inference.js')).openInference(env);
    case 'gen_ai':
      return (await import('./gen-ai/gen-ai.js')).genAi(env);
  }
}
