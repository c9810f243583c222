import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** `<name>.in.<extension>`: what a user writes. */
export interface GoldenCase {
  readonly name: string;
  readonly inputPath: string;
  readonly inputText: string;
  /** Where an output of the case belongs: `<name>.<variant>.out.<extension>`, or without the variant. */
  readonly outputPath: (extension: string, variant?: string) => string;
}

/**
 * The cases of a folder, sorted by name; adding one is adding its files. Throws when the folder holds no case, or an
 * output whose input is gone.
 */
export function goldenCases(directory: string): readonly GoldenCase[] {
  const files = readdirSync(directory).sort();
  const cases = files.flatMap((file) => {
    const name = /^(.+)\.in\.[^.]+$/.exec(file)?.[1];
    return name === undefined ? [] : [goldenCase(directory, name, file)];
  });
  if (cases.length === 0)
    throw new Error(`${directory} holds no golden case: expected files named <case>.in.<extension>`);
  const orphans = files.filter(
    (file) => /\.out\.[^.]+$/.test(file) && !cases.some(({ name }) => file.startsWith(`${name}.`)),
  );
  if (orphans.length > 0) {
    throw new Error(`${directory}: ${orphans.join(', ')} belong to no input: delete them, or restore <case>.in.*`);
  }
  return cases;
}

const goldenCase = (directory: string, name: string, file: string): GoldenCase => ({
  name,
  inputPath: join(directory, file),
  inputText: readFileSync(join(directory, file), 'utf8'),
  outputPath: (extension, variant) =>
    join(directory, `${name}${variant === undefined ? '' : `.${variant}`}.out.${extension}`),
});

/**
 * Compares a text with the golden file at `path`; with `UPDATE_GOLDEN=1` writes it instead, and only then, so that a
 * missing file is an error as well. Throws with the first line that differs.
 */
export function checkGolden(path: string, text: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(path, text);
    return;
  }
  if (!existsSync(path))
    throw new Error(`${basename(path)} does not exist: run the test with UPDATE_GOLDEN=1 and read the file`);
  const golden = readFileSync(path, 'utf8');
  if (golden === text) return;
  const expected = golden.split('\n');
  const received = text.split('\n');
  const line = received.findIndex((value, index) => value !== expected[index]);
  const at = line === -1 ? received.length : line;
  throw new Error(
    `${basename(path)} differs at line ${at + 1}; run with UPDATE_GOLDEN=1 if that is meant\n` +
      `expected: ${expected[at] ?? '(end of file)'}\nreceived: ${received[at] ?? '(end of text)'}`,
  );
}
