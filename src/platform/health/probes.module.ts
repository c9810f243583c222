import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MetricsController } from '../metrics/metrics.controller.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { PROBE_SOURCE, ProbesController, type ProbeSource } from './probes.controller.js';

/** `/healthz`, `/readyz` and `/metrics` of the controller. @see spec ops.md D1 */
@Module({})
export class ProbesModule {
  static forRoot(parts: { readonly probes: ProbeSource; readonly metrics: MetricsRegistry }): DynamicModule {
    return {
      module: ProbesModule,
      // The kubelet tells of failing probes.
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [ProbesController, MetricsController],
      providers: [
        { provide: PROBE_SOURCE, useValue: parts.probes },
        { provide: MetricsRegistry, useValue: parts.metrics },
      ],
    };
  }
}
