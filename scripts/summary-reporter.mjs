/** Prints `N passed, N failed[, N skipped]` as the very last line, summed over all suites and rings. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A suite that does not load runs no test; it must still count as a failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // Jest's own summary goes to stderr; leave the line to the end of the process so that nothing follows it.
    process.once('exit', () => process.stdout.write(`\n${line}\n`));
  }
}
