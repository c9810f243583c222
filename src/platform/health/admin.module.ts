import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MetricsController } from '../metrics/metrics.controller.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { CONFIG_STATE, ConfigController, type ConfigStateSource } from './config.controller.js';
import { HealthController } from './health.controller.js';
import { SERVING_PROBE, ServingIndicator, type ServingProbe } from './serving.indicator.js';

export interface AdminParts {
  readonly probe: ServingProbe;
  readonly metrics: MetricsRegistry;
  readonly configState: ConfigStateSource;
}

/** `/health`, `/metrics` and `/config`; every other path is a 404. @see spec extproc.md sections 1.3 and 1.4 */
@Module({})
export class AdminModule {
  static forRoot({ probe, metrics, configState }: AdminParts): DynamicModule {
    return {
      module: AdminModule,
      // The health controller logs failures itself, in one line.
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, MetricsController, ConfigController],
      providers: [
        ServingIndicator,
        { provide: SERVING_PROBE, useValue: probe },
        { provide: CONFIG_STATE, useValue: configState },
        { provide: MetricsRegistry, useValue: metrics },
      ],
    };
  }
}
