import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserFacingError } from '../../../shared/errors.js';

/** Text to read resources from. */
export interface ResourceInput {
  /** File name for messages; `(stdin)` for standard input. */
  readonly name: string;
  readonly text: string;
}

/** All inputs together: some 16,000 routes. Reading YAML takes up to 200 times its size in memory. */
export const INPUT_SIZE_MAX_BYTES = 4 * 1024 * 1024;
const FILES_MAX = 1000;
export const STDIN_NAME = '(stdin)';
const RESOURCE_FILE = /^[^.].*\.(?:ya?ml|json)$/;

/**
 * Reads a file, all `*.yaml`, `*.yml` and `*.json` of a directory (in order of name, without its subdirectories and
 * hidden files), or standard input for `-`.
 * @throws UserFacingError when something cannot be read, is no text, is more than 4 MiB or holds no resource file.
 */
export async function readInputs(
  path: string,
  stdin: AsyncIterable<Uint8Array | string> = process.stdin,
): Promise<readonly ResourceInput[]> {
  const budget = { left: INPUT_SIZE_MAX_BYTES };
  if (path === '-') return [{ name: STDIN_NAME, text: await readText(STDIN_NAME, stdin, budget) }];
  const files = await resourceFiles(path);
  const inputs: ResourceInput[] = [];
  for (const name of files) inputs.push({ name, text: await readText(name, createReadStream(name), budget) });
  return inputs;
}

async function resourceFiles(path: string): Promise<readonly string[]> {
  const kind = await kindOf(path);
  if (kind === 'file') return [path];
  const names = (await readdir(path).catch((error: unknown) => fail(path, error))).filter((name) =>
    RESOURCE_FILE.test(name),
  );
  const files: string[] = [];
  for (const name of names.sort()) {
    const file = join(path, name);
    if ((await kindOf(file)) === 'file') files.push(file);
  }
  if (files.length === 0) {
    throw new UserFacingError(
      `cannot read resources from "${path}": found no file in it that ends in .yaml, .yml or .json; add one, or name a file`,
    );
  }
  if (files.length > FILES_MAX) {
    throw new UserFacingError(
      `cannot read resources from "${path}": found ${files.length} files; expected at most ${FILES_MAX}; name a smaller directory`,
    );
  }
  return files;
}

async function kindOf(path: string): Promise<'file' | 'directory'> {
  const stats = await stat(path).catch((error: unknown) => fail(path, error));
  if (stats.isDirectory()) return 'directory';
  // A pipe or /dev/fd/3 (process substitution of a shell) is read like a file.
  if (stats.isFile() || stats.isFIFO() || stats.isCharacterDevice()) return 'file';
  throw new UserFacingError(`cannot read resources from "${path}": it is neither a file nor a directory`);
}

async function readText(
  name: string,
  source: AsyncIterable<Uint8Array | string>,
  budget: { left: number },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of source) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      budget.left -= bytes.byteLength;
      if (budget.left < 0) {
        throw new UserFacingError(
          `cannot read resources from "${name}": found more than 4 MiB; expected less; name the right file`,
        );
      }
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof UserFacingError) throw error;
    fail(name, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new UserFacingError(
      `cannot read resources from "${name}": found bytes that are not UTF-8 text; expected YAML or JSON`,
      { cause },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory; correct the path',
  EACCES: 'the permission is missing; allow this user to read it',
};

function fail(path: string, cause: unknown): never {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown error';
  throw new UserFacingError(`cannot read resources from "${path}": ${REASONS[code] ?? code}`, { cause });
}
