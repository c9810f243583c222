import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ObjectProjection, Volume } from './pod.js';

/** Contents by path relative to the volume. */
export type VolumeFiles = ReadonlyMap<string, Buffer>;
export type ObjectKind = 'Secret' | 'ConfigMap';
/** Contents by key; undefined when there is no such object. */
export type ReadObject = (kind: ObjectKind, name: string) => Promise<ReadonlyMap<string, Buffer> | undefined>;

/** What Kubernetes would show in a volume. Throws while a mandatory object or key is missing, as the kubelet waits then. */
export async function volumeFiles(volume: Volume, read: ReadObject): Promise<VolumeFiles> {
  const { name, emptyDir, secret, configMap, projected } = volume;
  if (emptyDir) return new Map();
  if (secret) return await projection('Secret', { ...secret, name: secret.secretName }, read);
  if (configMap) return await projection('ConfigMap', configMap, read);
  if (!projected) throw new Error(`volume ${name}: only emptyDir, secret, configMap and projected can be mounted here`);
  const files = new Map<string, Buffer>();
  for (const source of projected.sources) {
    const object = source.secret ?? source.configMap;
    if (!object) throw new Error(`volume ${name}: only secret and configMap can be projected here`);
    for (const [path, content] of await projection(source.secret ? 'Secret' : 'ConfigMap', object, read)) {
      files.set(path, content);
    }
  }
  return files;
}

async function projection(
  kind: ObjectKind,
  { name, items, optional = false }: ObjectProjection,
  read: ReadObject,
): Promise<VolumeFiles> {
  const data = await read(kind, name);
  if (!data && !optional) throw new Error(`${kind} ${name} does not exist`);
  if (!data || !items) return data ?? new Map();
  const files = new Map<string, Buffer>();
  for (const { key, path } of items) {
    const content = data.get(key);
    if (content) files.set(path, content);
    else if (!optional) throw new Error(`${kind} ${name} has no key ${key}`);
  }
  return files;
}

/**
 * Puts files into a volume's folder in one step, as the kubelet does: a new folder, a link `..data` that is renamed onto
 * the old one, and a link for each name. Does nothing when the contents are the same.
 */
export function writeVolume(directory: string, files: VolumeFiles): void {
  mkdirSync(directory, { recursive: true });
  const data = join(directory, '..data');
  const previous = existsSync(data) ? join(directory, readlinkSync(data)) : undefined;
  if (previous && holds(previous, files)) return;
  const next = mkdtempSync(`${directory}/..`);
  for (const [path, content] of files) {
    mkdirSync(dirname(join(next, path)), { recursive: true });
    writeFileSync(join(next, path), content);
  }
  symlinkSync(next.slice(directory.length + 1), join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), data);
  const names = new Set([...files.keys()].map((path) => path.split('/')[0]!));
  const linked = readdirSync(directory).filter((name) => !name.startsWith('..'));
  for (const name of linked) if (!names.has(name)) rmSync(join(directory, name));
  for (const name of names) if (!linked.includes(name)) symlinkSync(`..data/${name}`, join(directory, name));
  if (previous) rmSync(previous, { recursive: true });
}

function holds(directory: string, files: VolumeFiles): boolean {
  const present = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return (
    present.length === files.size &&
    [...files].every(([path, content]) => {
      const file = join(directory, path);
      return existsSync(file) && readFileSync(file).equals(content);
    })
  );
}
