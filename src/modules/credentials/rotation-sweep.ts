import { type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { PolicyController } from './policy-controller.js';
import type { CredentialRotator } from './rotator.js';

const SWEEP_MS = 60_000;

/**
 * Looks every minute, by the clock on the wall, for policies whose time has come. Timers count the time that the machine was
 * awake: after a suspension, or when the clock was set forward, they come too late.
 */
export class RotationSweep implements OnApplicationShutdown {
  readonly #controller: PolicyController;
  readonly #rotator: CredentialRotator;

  constructor(controller: PolicyController, rotator: CredentialRotator) {
    this.#controller = controller;
    this.#rotator = rotator;
  }

  @Interval('credential-rotation-sweep', SWEEP_MS)
  sweep(): void {
    this.#controller.sweep();
  }

  onApplicationShutdown(): void {
    this.#rotator.stop();
  }
}
