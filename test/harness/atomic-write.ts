import { renameSync, writeFileSync } from 'node:fs';

/** Puts the file there in one step, as Kubernetes and careful editors do: no reader ever sees half of it. */
export function writeAtomically(path: string, text: string): void {
  const partial = `${path}.partial`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}
