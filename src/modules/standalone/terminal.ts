/** Where the run speaks to the person who started it; both methods write whole lines. */
export interface Terminal {
  /** What was asked for: generated YAML, versions. */
  out(text: string): void;
  /** Everything else: progress, the ready line, problems. */
  err(text: string): void;
}

interface Sink {
  write(text: string): unknown;
}

export const terminalOn = (stdout: Sink, stderr: Sink): Terminal => ({
  out: (text) => void stdout.write(text.endsWith('\n') ? text : `${text}\n`),
  err: (text) => void stderr.write(text.endsWith('\n') ? text : `${text}\n`),
});
