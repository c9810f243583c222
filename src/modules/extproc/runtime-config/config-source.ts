import { createHash } from 'node:crypto';
import { open, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserFacingError } from '../../../shared/errors.js';
import { assembleBundle, parseBundleIndex } from '../../../shared/filter-config/bundle.js';

/** Where a filter configuration lies: one file, or a directory with `index.yaml` and parts (extproc.md 2.1). */
export interface ConfigSource {
  readonly path: string;
  readonly kind: 'file' | 'bundle';
}

/** Tells whether a later reading found something new. */
export interface SourceMark {
  /** Equal for equal contents. */
  readonly fingerprint: string;
  readonly inode?: number;
}

export type SourceReading =
  | { readonly kind: 'text'; readonly fileName: string; readonly text: string; readonly mark: SourceMark }
  /** The content is the one of the mark given. */
  | { readonly kind: 'unchanged' }
  /** The file is being written at this moment; read again in {@link SETTLE_MS}. */
  | { readonly kind: 'unsettled' };

/** A file written in place is taken to be complete when it has rested this long. */
export const SETTLE_MS = 50;

/**
 * Reads the source, unless it still has the content of `known`.
 *
 * @param isPatient false: takes a file as it is, even while it is being written
 * @throws IncompleteBundleError when the parts of a bundle are missing or do not fit its index
 * @throws UserFacingError when a file cannot be read, or the index makes no sense
 */
export async function readConfigSource(
  source: ConfigSource,
  known: SourceMark | undefined,
  isPatient: boolean,
): Promise<SourceReading> {
  return source.kind === 'file' ? readSingleFile(source.path, known, isPatient) : readBundle(source.path, known);
}

/**
 * A file that took the place of another by rename is complete: it has another inode. One that is written in place may be
 * half there, and half a YAML document is often a valid one: it has to rest first.
 */
async function readSingleFile(path: string, known: SourceMark | undefined, isPatient: boolean): Promise<SourceReading> {
  const failed = (error: unknown) => {
    throw readError(path, error);
  };
  const file = await open(path).catch(failed);
  try {
    const before = await file.stat();
    const bytes = await file.readFile();
    const after = await file.stat();
    const fingerprint = sha256(bytes);
    if (fingerprint === known?.fingerprint) return { kind: 'unchanged' };
    // Negative by a fraction for a write of this moment; by more when the clock of the file system is another one.
    const ageMs = Date.now() - after.mtimeMs;
    const isResting = after.ino !== known?.inode || Math.abs(ageMs) >= SETTLE_MS;
    const isWhole = before.mtimeMs === after.mtimeMs && after.size === bytes.length;
    if (isPatient && !(isResting && isWhole)) return { kind: 'unsettled' };
    return { kind: 'text', fileName: path, text: bytes.toString('utf8'), mark: { fingerprint, inode: after.ino } };
  } catch (error) {
    return failed(error);
  } finally {
    await file.close();
  }
}

/**
 * Projected volumes of Kubernetes reach all files through the link `..data` and swap it for a new version. The link is
 * followed once, so that index and parts come from the same version also when it is swapped in between.
 */
async function readBundle(directory: string, known: SourceMark | undefined): Promise<SourceReading> {
  const indexFile = join(directory, 'index.yaml');
  const failed = (error: unknown) => {
    throw readError(indexFile, error);
  };
  const resolvedIndexFile = await realpath(indexFile).catch(failed);
  const resolvedDirectory = dirname(resolvedIndexFile);
  const indexBytes = await readFile(resolvedIndexFile).catch(failed);
  // The index holds the checksum of the parts: while it stays the same, so do they.
  const fingerprint = sha256(indexBytes);
  if (fingerprint === known?.fingerprint) return { kind: 'unchanged' };
  const index = parseBundleIndex(indexBytes.toString('utf8'), indexFile);
  const parts = new Map<string, Uint8Array>();
  for (const { path } of index.parts) {
    const bytes = await readFile(join(resolvedDirectory, path)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw readError(join(directory, path), error);
    });
    if (bytes) parts.set(path, bytes);
  }
  return { kind: 'text', fileName: directory, text: assembleBundle(index, parts, indexFile), mark: { fingerprint } };
}

function readError(path: string, cause: unknown): UserFacingError {
  const reason = codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new UserFacingError(`cannot read the configuration ${path}: ${reason}; check that it exists and may be read`, {
    cause,
  });
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
