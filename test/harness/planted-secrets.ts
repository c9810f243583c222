import { readdirSync, readFileSync } from 'node:fs';

/** Shorter ones are found by chance. */
const LENGTH_MIN = 8;
const EXCERPT_LENGTH = 160;

export interface Leak {
  readonly place: string;
  /** The line with the secret blackened. */
  readonly excerpt: string;
}

/**
 * Looks for secrets that a test planted in everything that others may read, in the forms in which they get there: as they
 * are, in JSON, in URLs, in hexadecimal and in base64, also within a longer value.
 */
export class PlantedSecrets {
  readonly #forms: readonly string[];

  /** Throws for a secret of fewer than 8 characters. Those of several lines are looked for line by line. */
  constructor(secrets: Iterable<string>) {
    const lines = [...secrets].flatMap((secret) => secret.split('\n')).map((line) => line.trim());
    const short = lines.find((line) => line !== '' && line.length < LENGTH_MIN);
    if (short !== undefined) throw new Error(`a planted secret of ${short.length} characters would be found by chance`);
    this.#forms = [...new Set(lines.filter(Boolean).flatMap(formsOf))];
    if (this.#forms.length === 0) throw new Error('no secrets were planted: nothing could be found');
  }

  leaks(place: string, texts: Iterable<string>): readonly Leak[] {
    const found: Leak[] = [];
    for (const text of texts)
      for (const line of text.split('\n')) {
        const form = this.#forms.find((one) => line.includes(one));
        if (form !== undefined) found.push({ place, excerpt: line.replaceAll(form, '█').slice(0, EXCERPT_LENGTH) });
      }
    return found;
  }
}

function formsOf(secret: string): readonly string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const encoded = encodeURIComponent(secret);
  return [
    secret,
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    encoded,
    encoded.replaceAll('%20', '+'),
    Buffer.from(secret).toString('hex'),
    ...[0, 1, 2].flatMap((offset) => base64Within(secret, offset)),
  ];
}

/** What base64 makes of the secret, wherever in a group of three bytes it begins; the ends depend on the neighbours. */
function base64Within(secret: string, offset: number): readonly string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  const whole = bytes.length - (bytes.length % 3);
  const standard = bytes.subarray(offset === 0 ? 0 : 3, whole).toString('base64');
  return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
}

/** Command lines of a process and of those that it started, by pid. */
export function commandLinesOf(pid: number): ReadonlyMap<number, string> {
  const all = processes();
  const lines = new Map<number, string>();
  const wanted = [pid];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const found = all.get(next);
    if (!found || lines.has(next)) continue;
    lines.set(next, found.commandLine);
    for (const [child, { parent }] of all) if (parent === next) wanted.push(child);
  }
  return lines;
}

function processes(): ReadonlyMap<number, { readonly parent: number; readonly commandLine: string }> {
  const found = new Map<number, { parent: number; commandLine: string }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]);
      const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      found.set(Number(name), { parent, commandLine });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
