/** One part of a configuration that cannot be used; everything else is (X30). Holds no secret. */
export interface ConfigFault {
  /** What it concerns: a backend's name, or the place in the configuration. */
  readonly subject: string;
  readonly reason: string;
}
