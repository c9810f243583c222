import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { PolicyController } from './policy-controller.js';
import { RotationSweep } from './rotation-sweep.js';
import type { CredentialRotator } from './rotator.js';

/** The part of credential rotation that runs on a schedule; the rest is a controller of the cluster. */
@Module({})
export class CredentialsModule {
  static forRoot(controller: PolicyController, rotator: CredentialRotator): DynamicModule {
    return {
      module: CredentialsModule,
      imports: [ScheduleModule.forRoot()],
      providers: [{ provide: RotationSweep, useFactory: () => new RotationSweep(controller, rotator) }],
    };
  }
}
