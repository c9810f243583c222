import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { noCredentials } from '../../../../test/harness/credential-sources.js';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import { serializeFilterConfig } from '../../../shared/filter-config/serialize.js';
import { ConfigLoader } from './config-loader.js';

describe('ConfigLoader, asked for a backend that Envoy knows first', () => {
  let directory: TemporaryDirectory;
  let loader: ConfigLoader;
  /** Called when a configuration became active. */
  let onConfig: () => void;

  const write = (uuid: string, ...backends: string[]) =>
    writeFileSync(
      directory.file('filter-config.yaml'),
      serializeFilterConfig({
        version: 'v1',
        uuid,
        globalLLMRequestCosts: [],
        llmRequestCosts: [],
        backends: backends.map((name) => ({ name, modelNameOverride: '', schema: { name: 'OpenAI' } })),
        models: [],
      }),
    );
  const nextConfig = () => new Promise<void>((resolve) => (onConfig = resolve));

  beforeEach(async () => {
    directory = new TemporaryDirectory();
    onConfig = () => {};
    loader = new ConfigLoader({
      credentials: noCredentials(),
      path: directory.file('filter-config.yaml'),
      kind: 'file',
      version: 'v1',
      pollIntervalMs: 3_600_000,
      onConfig: () => onConfig(),
      onError: (error) => {
        throw error;
      },
    });
    write('a', 'here');
    await loader.start();
  });
  afterEach(async () => {
    await loader.close();
    directory.remove();
  });

  it('looks at the source at once', async () => {
    write('b', 'here', 'new');
    expect((await loader.awaitBackend('new'))?.name).toBe('new');
  });

  it('gives it when a later configuration has it', async () => {
    const waiting = loader.awaitBackend('new');
    await loader.requestReload();
    for (const [uuid, names] of [
      ['b', ['here', 'other']],
      ['c', ['here', 'new']],
    ] as const) {
      const loaded = nextConfig();
      write(uuid, ...names);
      await loaded;
    }
    expect((await waiting)?.name).toBe('new');
  });

  it('waits no longer when it is closed', async () => {
    const waiting = loader.awaitBackend('new');
    await loader.requestReload();
    await loader.close();
    expect(await waiting).toBeUndefined();
  });
});
