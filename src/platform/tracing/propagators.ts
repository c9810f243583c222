import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { PropagatorName } from '../config/extproc-otel.js';

/** `OTEL_PROPAGATORS`, in its order: of several parents in one request the last one counts. */
export async function buildPropagator(names: readonly PropagatorName[]): Promise<TextMapPropagator> {
  return new CompositePropagator({ propagators: await Promise.all(names.map(one)) });
}

async function one(name: PropagatorName): Promise<TextMapPropagator> {
  switch (name) {
    case 'tracecontext':
      return new W3CTraceContextPropagator();
    case 'baggage':
      return new W3CBaggagePropagator();
    case 'b3':
    case 'b3multi': {
      const { B3InjectEncoding, B3Propagator } = await import('@opentelemetry/propagator-b3');
      const injectEncoding = name === 'b3' ? B3InjectEncoding.SINGLE_HEADER : B3InjectEncoding.MULTI_HEADER;
      return new B3Propagator({ injectEncoding });
    }
  }
}
