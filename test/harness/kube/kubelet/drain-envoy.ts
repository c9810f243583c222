import { eventually } from '../../eventually.js';

const DRAIN_MS = 5_000;

/** Lets an Envoy finish what it serves: no new connections, answers that close the old ones. Returns after 5 s at most. */
export async function drainEnvoy(adminPort: number): Promise<void> {
  const admin = `http://127.0.0.1:${adminPort}`;
  try {
    await fetch(`${admin}/healthcheck/fail`, { method: 'POST' });
    await fetch(`${admin}/drain_listeners`, { method: 'POST' });
    await eventually('Envoy to be idle', async () => (await activeConnections(admin)) === 0, DRAIN_MS);
  } catch {
    // It is not there (any more), or clients stay: it is ended all the same.
  }
}

async function activeConnections(admin: string): Promise<number> {
  const filter = encodeURIComponent('^http\\.http.*downstream_cx_active$');
  const text = await (await fetch(`${admin}/stats?filter=${filter}`)).text();
  return [...text.matchAll(/: (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}
