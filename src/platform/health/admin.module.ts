import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MetricsController } from '../metrics/metrics.controller.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { HealthController } from './health.controller.js';
import { SERVING_PROBE, ServingIndicator, type ServingProbe } from './serving.indicator.js';

export interface AdminParts {
  readonly probe: ServingProbe;
  readonly metrics: MetricsRegistry;
}

/** `/health` and `/metrics`; every other path is a 404. @see spec extproc.md sections 1.3 and 1.4 */
@Module({})
export class AdminModule {
  static forRoot({ probe, metrics }: AdminParts): DynamicModule {
    return {
      module: AdminModule,
      // The health controller logs failures itself, in one line.
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, MetricsController],
      providers: [
        ServingIndicator,
        { provide: SERVING_PROBE, useValue: probe },
        { provide: MetricsRegistry, useValue: metrics },
      ],
    };
  }
}
