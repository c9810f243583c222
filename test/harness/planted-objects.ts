import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Secret } from '../../src/shared/api/gateway-api.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { plant } from './recording.js';

/** Keys of Secrets of which anybody may know the values. */
const PUBLIC_KEYS: ReadonlySet<string> = new Set(['client-id', 'tls.crt', 'ca.crt', 'cacert']);

/** Registers the credentials in an object if it is a Secret. Throws for one that is not planted ({@link plant}). */
export function plantSecret(object: KubeObject): void {
  if (object.kind !== 'Secret') return;
  const { data = {}, stringData = {}, metadata } = object as Secret;
  const decoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()] as const);
  for (const [key, value] of [...decoded, ...Object.entries(stringData)])
    if (!PUBLIC_KEYS.has(key) && isCredential(value)) plant(`Secret ${metadata.name}, key ${key}`, value);
}

/**
 * As {@link plantSecret}, for a file, or the files of a directory. What is not there or cannot be read is left to what is
 * tested with it.
 */
export function plantSecretsOf(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) for (const name of readdirSync(path)) plantSecretsOf(join(path, name));
  if (!found?.isFile()) return;
  for (const document of parseAllDocuments(readFileSync(path, 'utf8'))) {
    if (document.errors.length > 0) return;
    const object = document.toJS() as KubeObject | null;
    if (object?.kind === 'Secret') plantSecret(object);
  }
}

/** False for what a test leaves empty or all but empty, and for what is put in from the environment later. */
const isCredential = (value: string): boolean => value.trim().length > 3 && !value.includes('${');
