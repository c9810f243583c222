import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { XdsJson } from '../../src/shared/xds-json.js';
import { goldenCases } from '../harness/golden.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { staticBootstrap } from './static-bootstrap.js';

const run = promisify(execFile);
const envoy = process.env['ENVOY_PATH'];
const cases = goldenCases(join(import.meta.dirname, '../../src/modules/standalone/gateway-translator/testdata'));

describe('Envoy', () => {
  const directory = new TemporaryDirectory();
  afterAll(() => directory.remove());

  it('is there to validate with', () => {
    expect(envoy !== undefined && existsSync(envoy) ? 'found' : `ENVOY_PATH is ${envoy ?? 'not set'}`).toBe('found');
  });

  it.each(cases)('accepts the resources of $name', async ({ name, outputPath }) => {
    const path = directory.file(`${name}.json`);
    const resources = parse(readFileSync(outputPath('yaml'), 'utf8')) as XdsJson;
    writeFileSync(path, staticBootstrap(resources, directory.file('admin.sock')));
    const { stdout, stderr } = await run(envoy ?? 'envoy', ['--mode', 'validate', '-l', 'error', '-c', path]);
    expect(stdout).toContain(' OK');
    expect(stderr).toBe('');
  });
});
