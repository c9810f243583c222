/** Less is what clocks are corrected by all the time. */
const TOLERANCE_MS = 30_000;

/**
 * Notices when the clock of this machine is set back: what was issued before seems to live longer by that much. A clock that
 * is set forward needs no care: everything is due earlier.
 */
export class ClockShift {
  #offsetMs: number | undefined;
  #totalMs = 0;

  /**
   * @param wallMs the clock that may be set
   * @param steadyMs a clock that nobody sets
   * @returns by how much the clock was set back altogether
   */
  note(wallMs: number, steadyMs: number): number {
    const offsetMs = wallMs - steadyMs;
    this.#offsetMs ??= offsetMs;
    const backMs = this.#offsetMs - offsetMs;
    if (backMs > TOLERANCE_MS) this.#totalMs += backMs;
    // Forward, or a little back: that is the clock to compare with from now on. Many little ones back add up.
    if (backMs > TOLERANCE_MS || backMs < 0) this.#offsetMs = offsetMs;
    return this.#totalMs;
  }
}
