/**
 * Prints `N passed, N failed[, N skipped]` as the very last line, summed over all suites and rings. A ring that could not
 * be set up counts as one skipped test, its reason in a line of its own before.
 */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A suite that does not load runs no test; it must still count as a failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const rings = (process.env.AIGW_TEST_SKIPPED_RINGS ?? '').split('\n').filter(Boolean);
    const skipped = results.numPendingTests + results.numTodoTests + rings.length;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // Jest's own summary goes to stderr; leave the line to the end of the process so that nothing follows it.
    const lines = [...rings.map((reason) => `skipped ${reason}`), line];
    process.once('exit', () => process.stdout.write(`\n${lines.join('\n')}\n`));
  }
}
