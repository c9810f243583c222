import { expect } from '@jest/globals';
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CUT, MARK, type PlantedSecret } from './planted-secrets.js';

/** Of one recording, in characters; what comes later is not kept. */
const SIZE_MAX = 8 << 20;
/** A value with the mark, within YAML, JSON, INI or alone. */
const MARKED = /[\w.+/-]*PLANTED-[^\s"',\\]*/g;
const PEM_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]*)-----END/g;
/** Lines before hold the modulus of an RSA key of 2048 bits, which is no secret. */
const FIRST_PRIVATE_LINE = 7;
const PEM_LINE_MIN = 32;

/** Set by `scripts/summary-reporter.mjs` for the time of a run. Without it nothing is recorded. */
const directory = (): string | undefined => process.env['AIGW_TEST_RECORDINGS'];

const planted = new Set<string>();
let recordings = 0;

/**
 * Something of the run that others than the owners of its secrets may read, such as the log of a process, as a file. All of
 * them are searched for everything that was planted when the run is over.
 */
export class Recording {
  #file: number | undefined;
  #left = SIZE_MAX;

  /** `what` becomes part of the file's name. */
  constructor(what: string) {
    const place = directory();
    if (!place) return;
    recordings += 1;
    const name = `${specName()}-${process.pid}-${recordings}-${what.replaceAll(/[^\w.-]+/g, '-').slice(0, 80)}.log`;
    this.#file = openSync(join(place, name), 'a', 0o600);
  }

  /** One line, or several. Does nothing after `end`. */
  add(text: string): void {
    if (this.#file === undefined || this.#left < 0) return;
    const kept = text.slice(0, this.#left);
    this.#left -= text.length + 1;
    writeSync(this.#file, this.#left < 0 ? `${kept}\n${CUT}\n` : `${text}\n`);
  }

  end(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** A whole text that is there already, such as an answer. */
export function record(what: string, text: string): void {
  const recording = new Recording(what);
  recording.add(text);
  recording.end();
}

let linesLeft = SIZE_MAX;

/**
 * A line of a log that a part of the program writes in the process of the tests, with its line break. There are as many such
 * logs as tests, and nobody ends them: those of a spec share a file that is not held open.
 */
export function recordLine(line: string): void {
  const place = directory();
  linesLeft -= line.length;
  if (!place || linesLeft < 0) return;
  appendFileSync(join(place, `${specName()}-${process.pid}-in-process.log`), line);
}

/** Of the spec file that runs, by its path: `e2e-credentials`. */
const specName = (): string =>
  relative(process.cwd(), expect.getState().testPath ?? 'no-spec')
    .replace(/^test\//, '')
    .replace(/\.spec\.ts$/, '')
    .replaceAll('/', '-');

/**
 * Registers the credentials in a text that a test makes, and gives it back: values with the mark `PLANTED-`, and private
 * keys in PEM, also within JSON. Throws when there are none and none was planted by {@link plantRandom} before: a
 * credential that is not planted would leak unseen.
 */
export function plant(name: string, text: string): string {
  const found = [
    ...(text.includes('\n') || !text.includes(MARK) ? [] : [text]),
    ...(text.match(MARKED) ?? []),
    ...[...text.matchAll(PEM_KEY)].flatMap(([, body = '']) => privateLines(body)),
  ];
  if (found.length === 0 && ![...planted].some((one) => text.includes(one)))
    throw new Error(`${name} is no planted credential: give it a value that begins with PLANTED-`);
  for (const value of found) plantRandom(name, value);
  return text;
}

/** Registers a credential whose form leaves no room for the mark. It must be a random one of 16 characters or more. */
export function plantRandom(name: string, value: string): string {
  const place = directory();
  if (planted.has(value)) return value;
  planted.add(value);
  const secret: PlantedSecret = { name, value };
  if (place) appendFileSync(join(place, `secrets-${process.pid}.jsonl`), `${JSON.stringify(secret)}\n`);
  return value;
}

function privateLines(body: string): readonly string[] {
  const lines = body.split(/\\n|\n/).filter((line) => line.length >= PEM_LINE_MIN);
  return lines.length > FIRST_PRIVATE_LINE ? lines.slice(FIRST_PRIVATE_LINE) : lines;
}
