import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs a command so that it never outlives us, even after `kill -9`.
 *
 *   we ──pipe──▶ watcher (sh)      the shell that we spawn starts the watcher, then becomes the command by exec:
 *    └─spawn───▶ sh ─exec─▶ command    its process id, signals and exit code are the command's own
 *
 * The watcher reads the pipe. A line means that the command ended and was seen by us; end of file without a line means
 * that we are gone, and the command gets TERM, then KILL after 5 s. Both live in a session of their own, so that Ctrl-C
 * in a terminal reaches only us and the order of the stop is ours.
 */
const GUARD = `
exec 3<&0 </dev/null
(
  read -r seen <&3 && exit 0
  kill -TERM $$
  i=0
  while kill -0 $$ && [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done
  kill -KILL $$
) >/dev/null 2>&1 &
exec "$@" 3<&-
`;

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File descriptor that takes standard output; it may be closed once this returns. Absent: dropped. */
  readonly stdout?: number;
  /** Called for each line of standard error, at most {@link LINE_LENGTH_MAX} characters of it. */
  readonly onStderrLine: (line: string) => void;
}

const LINE_LENGTH_MAX = 8_192;
const LAST_WORDS_MS = 200;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedProcess {
  /** Of the command itself; undefined when not even the shell could be started. */
  readonly pid: number | undefined;
  /** Settles once; never rejects. */
  readonly exited: Promise<Exit>;
  /** Sends a signal to the command. False when it has ended. */
  kill(signal: NodeJS.Signals): boolean;
}

export function startGuarded(command: GuardedCommand): GuardedProcess {
  const child = spawn('/bin/sh', ['-c', GUARD, 'aigw-guard', command.command, ...command.args], {
    detached: true,
    env: command.env,
    stdio: ['pipe', command.stdout ?? 'ignore', 'pipe'],
  });
  const lifeline = child.stdin!;
  // The watcher may be gone before our line arrives.
  lifeline.on('error', () => undefined);
  const lines = createInterface({ input: child.stderr!, crlfDelay: Infinity });
  lines.on('line', (line) => command.onStderrLine(line.slice(0, LINE_LENGTH_MAX)));
  const lastLineSeen = new Promise<void>((resolve) => lines.once('close', resolve));
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (cause) => {
      command.onStderrLine(`cannot start ${command.command}: ${cause.message}`);
      resolve({ code: 127, signal: null });
    });
    child.once('exit', (code, signal) => {
      lifeline.end('seen\n');
      // The last words of the command explain its end; a descendant that keeps the pipe open must not hold us up.
      void Promise.race([lastLineSeen, delay(LAST_WORDS_MS)]).then(() => resolve({ code, signal }));
    });
  });
  return { pid: child.pid, exited, kill: (signal) => child.kill(signal) };
}

/** `exit code 1` or `signal SIGKILL`. */
export const describeExit = (exit: Exit): string => (exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code}`);
