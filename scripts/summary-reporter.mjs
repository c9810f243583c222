import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf, searchRecordings } from '../test/harness/planted-secrets.ts';

/**
 * Prints `N passed, N failed[, N skipped]` as the very last line, summed over all suites and rings. A ring that could not
 * be set up counts as one skipped test, its reason in a line of its own before.
 *
 * What tests plant as secrets must be in nothing that the run recorded (`test/harness/recording.ts`): each place where one
 * is counts as a failed test.
 */
export default class SummaryReporter {
  #directory;
  #keeps = false;

  onRunStart() {
    this.#directory = mkdtempSync(join(tmpdir(), 'aigw-recordings-'));
    // Workers are started after this and inherit it.
    process.env.AIGW_TEST_RECORDINGS = this.#directory;
    // Also of a run that is interrupted.
    process.once('exit', () => this.#keeps || rmSync(this.#directory, { recursive: true, force: true }));
  }

  onRunComplete(_contexts, results) {
    const told = this.#search(results);
    // A suite that does not load runs no test; it must still count as a failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const rings = (process.env.AIGW_TEST_SKIPPED_RINGS ?? '').split('\n').filter(Boolean);
    const skipped = results.numPendingTests + results.numTodoTests + rings.length;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // Jest's own summary goes to stderr; leave the line to the end of the process so that nothing follows it.
    const lines = [...told, ...rings.map((reason) => `skipped ${reason}`), line];
    process.once('exit', () => process.stdout.write(`\n${lines.join('\n')}\n`));
  }

  /** What to tell of it; leaks become failures of the run. The files stay where they are for whoever looks into a leak. */
  #search(results) {
    const search = searchRecordings(this.#directory);
    this.#keeps = search.leaks.length > 0;
    results.numFailedTests += search.leaks.length;
    return search.files === 0 ? [] : linesOf(this.#directory, search);
  }
}
