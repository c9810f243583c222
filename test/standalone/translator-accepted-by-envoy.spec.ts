import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { goldenCases } from '../harness/golden.js';

const run = promisify(execFile);
const envoy = process.env['ENVOY_PATH'];
const cases = goldenCases(join(import.meta.dirname, '../../src/modules/standalone/gateway-translator/testdata'));

interface Resources {
  readonly listeners: readonly object[];
  readonly routes: readonly { readonly name: string }[];
  readonly clusters: readonly object[];
}

/** Validation does not follow RDS, so the routing tables stand inside the listeners. */
function bootstrap({ listeners, routes, clusters }: Resources): string {
  const inline = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('rds' in value)) return value;
    const { rds, ...manager } = value as { readonly rds: { readonly route_config_name: string } };
    return { ...manager, route_config: routes.find(({ name }) => name === rds.route_config_name) };
  };
  return JSON.stringify(
    {
      static_resources: { listeners, clusters },
      layered_runtime: { layers: [{ name: 'test', static_layer: { 're2.max_program_size.error_level': 1_000_000 } }] },
    },
    inline,
  );
}

describe('Envoy', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'translator-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('is there to validate with', () => {
    expect(envoy !== undefined && existsSync(envoy) ? 'found' : `ENVOY_PATH is ${envoy ?? 'not set'}`).toBe('found');
  });

  it.each(cases)('accepts the resources of $name', async ({ name, outputPath }) => {
    const path = join(directory, `${name}.json`);
    const resources = parse(readFileSync(outputPath('yaml'), 'utf8')) as Resources;
    writeFileSync(path, bootstrap(resources));
    const { stdout, stderr } = await run(envoy ?? 'envoy', ['--mode', 'validate', '-l', 'error', '-c', path]);
    expect(stdout).toContain(' OK');
    expect(stderr).toBe('');
  });
});
