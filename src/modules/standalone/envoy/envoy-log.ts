/** Envoy's reason for not taking an update; kept apart from what is shown. */
export type EnvoyLine =
  { readonly kind: 'reason'; readonly text: string } | { readonly kind: 'plain'; readonly text: string };

const CONFIG_RECORD = /^\[[^\]]*\]\[\d+\]\[warning\]\[config\] \[[^\]]*\] (.*)$/;
const REASON_LENGTH_MAX = 600;

/**
 * Sorts one line of Envoy's standard error (written with --log-format-escaped: one record, one line).
 * A refused update repeats the configuration that was refused, which may hold secrets: only the reason is kept.
 * Other warnings about configuration are dropped (undefined), because that component's level is lowered for the reasons.
 */
export function readEnvoyLine(line: string): EnvoyLine | undefined {
  const record = CONFIG_RECORD.exec(line)?.[1];
  if (record === undefined) return { kind: 'plain', text: line };
  const refused = /^Filesystem config update (?:rejected|failure): (.*)$/.exec(record)?.[1];
  if (refused === undefined) return undefined;
  return { kind: 'reason', text: withoutDump(refused).slice(0, REASON_LENGTH_MAX) };
}

/** Cuts the configuration out: a text dump before the last line, or the JSON of a file that could not be parsed. */
function withoutDump(text: string): string {
  const dump = text.indexOf(': goo.gle/debug');
  if (dump >= 0) {
    const lines = text.slice(dump).split('\\n');
    const reason = lines.findLast((line) => line !== '');
    // Without a line of its own there is no telling the reason from the dump.
    return lines.length > 1 && reason?.startsWith(': ') ? text.slice(0, dump) + reason : text.slice(0, dump);
  }
  const parse = /^in (\S+), (Unable to parse JSON as proto \(.*?\)): [{[]/.exec(text);
  return parse ? `${parse[2]} in ${parse[1]}` : text;
}
