import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkHealth } from './check-health.js';

let runtime: string;
let servers: Server[] = [];
beforeEach(() => void (runtime = mkdtempSync(join(tmpdir(), 'aigw-health-'))));
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
  rmSync(runtime, { recursive: true });
});

async function runWith(id: string, answer: string, modifiedSeconds: number): Promise<void> {
  const server = createServer((_, response) => response.end(answer)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  mkdirSync(join(runtime, id));
  const path = join(runtime, id, 'admin-address.txt');
  writeFileSync(path, `127.0.0.1:${(server.address() as AddressInfo).port}`);
  utimesSync(path, modifiedSeconds, modifiedSeconds);
}

describe('checkHealth', () => {
  it('asks the newest run unless one is named', async () => {
    await runWith('old', 'LIVE\n', 1_000);
    await runWith('new', 'PRE_INITIALIZING\n', 2_000);
    await expect(checkHealth(runtime)).rejects.toThrow(
      `Envoy is not ready (its address is in ${runtime}/new/admin-address.txt)`,
    );
    await expect(checkHealth(runtime, 'old')).resolves.toBeUndefined();
  });

  it.each([
    [
      'no run at all',
      undefined,
      (directory: string) => `no gateway runs under ${directory}; start one with \`aigw run\`, or set --runtime-dir`,
    ],
    [
      'no such run',
      'x',
      (directory: string) => `Envoy is not ready (its address is in ${directory}/x/admin-address.txt)`,
    ],
  ])('fails when there is %s', async (_, id, message) => {
    await expect(checkHealth(runtime, id)).rejects.toThrow(message(runtime));
  });
});
