import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What credentials of tests begin with, or have within. Its letters are the same in JSON, URLs and YAML, and long enough
 * that no text, also no base64, has it by chance.
 */
export const MARK = 'PLANTED-';

/** Shorter ones are found by chance. */
const LENGTH_MIN = MARK.length;
const EXCERPT_LENGTH = 160;
const PREFIX_BYTES = 4;
/** So that some ten thousand beginnings leave most of the table empty. */
const HASH_BITS = 18;
const NEWLINE = 0x0a;
/** Of a credential with the mark that no seam of the harness has seen. */
const UNNAMED = 'a credential without a name';
/** Last line of a recording that was longer than it may be. */
export const CUT = '# the rest is too long to be kept';
const SECRETS_PREFIX = 'secrets-';

export interface PlantedSecret {
  /** What it is, in words that are no secret. */
  readonly name: string;
  readonly value: string;
}

export interface Leak {
  readonly place: string;
  /** From 1. */
  readonly line: number;
  /** The name of the secret. */
  readonly secret: string;
  /** The line with the secret blackened. */
  readonly excerpt: string;
}

interface Form {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Looks for secrets that a test planted in everything that others may read, in the forms in which they get there: as they
 * are, in JSON, in URLs, in hexadecimal and in base64, also within a longer value. The time depends on the length of what is
 * searched, not on how many secrets there are.
 */
export class PlantedSecrets {
  /** By their first four bytes, the longest first: it tells most. */
  readonly #forms = new Map<number, Form[]>();
  /** Which hashes of four bytes begin a form: it keeps the map out of the loop over all bytes. */
  readonly #begins = new Uint8Array(1 << HASH_BITS);

  /** Throws for a secret of fewer than 8 characters. Those of several lines are looked for line by line. */
  constructor(secrets: Iterable<PlantedSecret>) {
    const seen = new Set<string>();
    for (const { name, value } of secrets)
      for (const line of value.split('\n').map((text) => text.trim())) {
        if (line === '') continue;
        if (line.length < LENGTH_MIN)
          throw new Error(`${name}: a planted secret of ${line.length} characters would be found by chance`);
        for (const form of formsOf(line)) if (!seen.has(form) && seen.add(form)) this.#add(name, Buffer.from(form));
      }
    if (seen.size === 0) throw new Error('no secrets were planted: nothing could be found');
    for (const forms of this.#forms.values()) forms.sort((one, other) => other.bytes.length - one.bytes.length);
  }

  /** At most one leak of each line: of the longest form that is there. */
  leaks(place: string, texts: Iterable<string | Buffer>): readonly Leak[] {
    return [...texts].flatMap((text) => this.#leaksOf(place, typeof text === 'string' ? Buffer.from(text) : text));
  }

  #add(name: string, bytes: Buffer): void {
    const prefix = bytes.readInt32BE(0);
    this.#begins[hashOf(prefix)] = 1;
    const forms = this.#forms.get(prefix);
    if (forms) forms.push({ name, bytes });
    else this.#forms.set(prefix, [{ name, bytes }]);
  }

  #leaksOf(place: string, text: Buffer): readonly Leak[] {
    const found: Leak[] = [];
    let line = 1;
    let start = 0;
    let best: Form | undefined;
    let window = 0;
    for (let at = 0; at <= text.length; at += 1) {
      const byte = at < text.length ? text[at]! : NEWLINE;
      if (byte === NEWLINE) {
        if (best)
          found.push({ place, line, secret: best.name, excerpt: excerptOf(text.toString('utf8', start, at), best) });
        best = undefined;
        line += 1;
        start = at + 1;
        continue;
      }
      window = (window << 8) | byte;
      const from = at + 1 - PREFIX_BYTES;
      if (from < start || this.#begins[hashOf(window)] === 0) continue;
      const form = this.#forms
        .get(window)
        ?.find(
          ({ bytes }) => text.compare(bytes, 0, bytes.length, from, Math.min(from + bytes.length, text.length)) === 0,
        );
      if (form && form.bytes.length > (best?.bytes.length ?? 0)) best = form;
    }
    return found;
  }
}

// In Jest's contexts a look-up of a global costs more than all the rest.
const { imul } = Math;

/** Of four bytes. The factor is that of Fibonacci hashing, 2^32 by the golden ratio. */
const hashOf = (prefix: number): number => imul(prefix, 0x9e3779b1) >>> (32 - HASH_BITS);

const excerptOf = (line: string, { bytes }: Form): string =>
  line.replaceAll(bytes.toString(), '█').slice(0, EXCERPT_LENGTH);

/** Those of fewer than 8 characters, such as base64 of short secrets, are left out: they would be found by chance. */
function formsOf(secret: string): readonly string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const encoded = encodeURIComponent(secret);
  const forms = [
    secret,
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    encoded,
    encoded.replaceAll('%20', '+'),
    Buffer.from(secret).toString('hex'),
    ...[0, 1, 2].flatMap((offset) => base64Within(secret, offset)),
  ];
  return forms.filter((form) => form.length >= LENGTH_MIN);
}

/** What base64 makes of the secret, wherever in a group of three bytes it begins; the ends depend on the neighbours. */
function base64Within(secret: string, offset: number): readonly string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  const whole = bytes.length - (bytes.length % 3);
  const standard = bytes.subarray(offset === 0 ? 0 : 3, whole).toString('base64');
  return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
}

export interface Search {
  readonly leaks: readonly Leak[];
  /** What was searched. */
  readonly files: number;
  readonly bytes: number;
  /** Of them, those whose end is missing. */
  readonly cut: number;
}

/** Leaks that are told one by one. */
const TOLD_MAX = 20;

/** What was searched and what was found, in lines for people. */
export function linesOf(directory: string, { leaks, files, bytes, cut }: Search): readonly string[] {
  const found = leaks.length === 0 ? 'none found' : `${leaks.length} found`;
  const told = leaks
    .slice(0, TOLD_MAX)
    .map(({ place, line, secret }) => `leaked: ${join(directory, place)}:${line}: ${secret}`);
  const more = leaks.length > TOLD_MAX ? [`and ${leaks.length - TOLD_MAX} more`] : [];
  const what = `${files} recordings${cut > 0 ? ` (${cut} without their ends)` : ''}, ${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return [`planted secrets: ${found} in ${what}`, ...told, ...more];
}

/** Searches everything that a run left in the directory (`recording.ts`) for every secret that it planted. */
export function searchRecordings(directory: string): Search {
  const names = readdirSync(directory);
  const secrets = names
    .filter((name) => name.startsWith(SECRETS_PREFIX))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as PlantedSecret);
  const planted = new PlantedSecrets([...secrets, { name: UNNAMED, value: MARK }]);
  const searched = names
    .filter((name) => name.endsWith('.log'))
    .map((name) => {
      const text = readFileSync(join(directory, name));
      const isCut = text.subarray(-CUT.length - 1).includes(CUT);
      return { bytes: text.length, leaks: planted.leaks(name, [text]), isCut };
    });
  return {
    leaks: searched.flatMap(({ leaks }) => leaks),
    files: searched.length,
    bytes: searched.reduce((sum, { bytes }) => sum + bytes, 0),
    cut: searched.filter(({ isCut }) => isCut).length,
  };
}
