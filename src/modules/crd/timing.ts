/** The clock and the dice, at the edge. */
export interface Timing {
  /** For durations; starts anywhere, never goes back. */
  readonly nowMs: () => number;
  readonly date: () => Date;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export const SYSTEM_TIMING: Timing = {
  nowMs: () => performance.now(),
  date: () => new Date(),
  random: Math.random,
};
