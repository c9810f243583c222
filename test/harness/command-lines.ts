import { readdirSync, readFileSync } from 'node:fs';

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
