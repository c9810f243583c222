import { EventEmitter, once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { splitBundle } from '../../../shared/filter-config/bundle.js';
import { serializeFilterConfig } from '../../../shared/filter-config/serialize.js';
import { ConfigLoader, type ConfigLoaderOptions } from './config-loader.js';
import { noCredentials } from '../../../../test/harness/credential-sources.js';
import type { RuntimeConfig } from './runtime-config.js';

const VERSION = 'v1';
/** Longer than any test: what is seen is seen by events. */
const NO_POLL = 3_600_000;
const ACTIVE_WITHIN_MS = 200;

const documentOf = (uuid: string, ...backends: string[]) =>
  serializeFilterConfig({
    version: VERSION,
    uuid,
    globalLLMRequestCosts: [],
    llmRequestCosts: [],
    backends: backends.map((name) => ({ name, modelNameOverride: '', schema: { name: 'OpenAI' } })),
    models: [],
  });

let directory: string;
const started: ConfigLoader[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-loader-'));
});
afterEach(async () => {
  for (const loader of started.splice(0)) await loader.close();
  await rm(directory, { recursive: true });
});

/** A loader and what it reported. */
function loaderOf(options: Partial<ConfigLoaderOptions> = {}) {
  const events = new EventEmitter();
  const errors: string[] = [];
  const warnings: string[] = [];
  const configs: RuntimeConfig[] = [];
  const loader = new ConfigLoader({
    credentials: noCredentials(),
    path: join(directory, 'filter-config.yaml'),
    kind: 'file',
    version: VERSION,
    pollIntervalMs: NO_POLL,
    onConfig: (config) => {
      configs.push(config);
      events.emit('config');
    },
    onError: (error) => {
      errors.push(error.message);
      events.emit('failure');
    },
    onWarning: (warning) => warnings.push(warning),
    ...options,
  });
  started.push(loader);
  const until = (event: 'config' | 'failure', change: () => Promise<unknown>) =>
    Promise.all([once(events, event, { signal: AbortSignal.timeout(5000) }), change()]);
  /** Makes a change and gives the time from its end until the configuration was active. */
  const timed = async (change: () => Promise<unknown>) => {
    let changedAtMs = 0;
    await until('config', () => change().then(() => (changedAtMs = performance.now())));
    return performance.now() - changedAtMs;
  };
  return { loader, errors, warnings, configs, until, timed };
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), '.new');
  await writeFile(temporary, content);
  await rename(temporary, path);
}

describe('ConfigLoader on a file', () => {
  const file = () => join(directory, 'filter-config.yaml');

  it('loads at the start', async () => {
    await writeFile(file(), documentOf('a', 'n'));
    const { loader, configs, errors, warnings } = loaderOf();
    expect(loader.current).toBeUndefined();
    expect(loader.state).toEqual({ isWatching: false });
    await loader.start();
    expect(configs).toEqual([loader.current]);
    expect(loader.current?.uuid).toBe('a');
    expect(loader.findBackend('n')?.name).toBe('n');
    expect(loader.state).toEqual({ loadedAt: expect.any(Date), isWatching: true });
    expect([...errors, ...warnings]).toEqual([]);
  });

  it.each([
    [
      'is missing',
      undefined,
      /^cannot read the configuration .*filter-config\.yaml: ENOENT; check that it exists and may be read$/,
    ],
    ['is broken', '{"version":', /filter-config\.yaml:1: not valid YAML at column 12/],
    ['is empty', '', /\(root\): found nothing, expected a mapping$/],
  ])('refuses to start when the file %s', async (_, content, message) => {
    if (content !== undefined) await writeFile(file(), content);
    const { loader, errors } = loaderOf();
    await expect(loader.start()).rejects.toThrow(message);
    expect(errors).toEqual([]);
    expect(loader.state.isWatching).toBe(false);
  });

  it('has a new configuration active within 200 ms after it was renamed into place', async () => {
    await writeFile(file(), documentOf('0'));
    const { loader, timed } = loaderOf();
    await loader.start();
    const elapsedMs: number[] = [];
    for (const uuid of ['1', '2', '3', '4', '5']) {
      elapsedMs.push(await timed(() => replace(file(), documentOf(uuid))));
      expect(loader.current?.uuid).toBe(uuid);
    }
    // The median: other tests share the machine.
    expect(elapsedMs.sort((a, b) => a - b)[2]).toBeLessThan(ACTIVE_WITHIN_MS);
  });

  it('takes a file that is written in place', async () => {
    await writeFile(file(), documentOf('a'));
    const { loader, until } = loaderOf();
    await loader.start();
    await until('config', () => writeFile(file(), documentOf('b')));
    expect(loader.current?.uuid).toBe('b');
  });

  it('waits for the end of a file that is written in place', async () => {
    await writeFile(file(), documentOf('a'));
    const { loader, errors, configs, until } = loaderOf();
    await loader.start();
    await until('config', async () => {
      await writeFile(file(), 'uuid: b\nbackends:\n- {name: x, schema: {name: OpenAI}}\n');
      await loader.requestReload(); // Reads the half of a file.
      await writeFile(
        file(),
        'uuid: b\nbackends:\n- {name: x, schema: {name: OpenAI}}\n- {name: y, schema: {name: OpenAI}}\n',
      );
    });
    expect(configs.map((config) => [...config.backends.keys()])).toEqual([[], ['x', 'y']]);
    expect(errors).toEqual([]);
  });

  it('keeps the old configuration while a new one is broken', async () => {
    await writeFile(file(), documentOf('a', 'n'));
    const { loader, errors, until } = loaderOf();
    await loader.start();
    await until('failure', () => replace(file(), documentOf('b').slice(0, 40)));
    expect(loader.current?.uuid).toBe('a');
    expect(loader.state.lastError?.message).toBe(errors[0]);
    expect(errors).toEqual([expect.stringMatching(/filter-config\.yaml:\d: not valid YAML/)]);
    await until('config', () => replace(file(), documentOf('c')));
    expect(loader.current?.uuid).toBe('c');
    expect(loader.state.lastError).toBeUndefined();
    expect(errors).toHaveLength(1);
  });

  it('survives that the file is deleted, and takes it again when it is back', async () => {
    await writeFile(file(), documentOf('a'));
    const { loader, errors, until } = loaderOf();
    await loader.start();
    await until('failure', () => unlink(file()));
    expect(errors).toEqual([expect.stringContaining('ENOENT')]);
    expect(loader.current?.uuid).toBe('a');
    await until('config', () => writeFile(file(), documentOf('b')));
    expect(loader.current?.uuid).toBe('b');
    expect(loader.state.lastError).toBeUndefined();
  });

  it('forgets the error, without a new configuration, when the file comes back as it was', async () => {
    await writeFile(file(), documentOf('a'));
    const { loader, configs, until } = loaderOf();
    await loader.start();
    await until('failure', () => unlink(file()));
    await writeFile(file(), documentOf('a'));
    await loader.requestReload();
    expect(loader.state.lastError).toBeUndefined();
    expect(configs).toHaveLength(1);
  });

  it('follows the links that Kubernetes swaps', async () => {
    const publish = async (name: string, uuid: string) => {
      await mkdir(join(directory, `..${name}`));
      await writeFile(join(directory, `..${name}`, 'filter-config.yaml'), documentOf(uuid));
      await symlink(`..${name}`, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await publish('2026_01', 'a');
    await symlink(join('..data', 'filter-config.yaml'), file());
    const { loader, until } = loaderOf();
    await loader.start();
    await until('config', () => publish('2026_02', 'b'));
    expect(loader.current?.uuid).toBe('b');
  });

  it('sees by polling what gives no event', async () => {
    const [target, path] = [join(directory, 'elsewhere'), join(directory, 'mounted', 'filter-config.yaml')];
    await mkdir(join(directory, 'mounted'));
    await writeFile(target, documentOf('a'));
    await symlink(target, path);
    const { loader, until } = loaderOf({ path, pollIntervalMs: 20 });
    await loader.start();
    await until('config', () => replace(target, documentOf('b')));
    expect(loader.current?.uuid).toBe('b');
  });

  it('watches a directory that took the place of the old one', async () => {
    const path = join(directory, 'd', 'filter-config.yaml');
    await mkdir(join(directory, 'd'));
    await writeFile(path, documentOf('a'));
    const { loader, until } = loaderOf({ path, pollIntervalMs: 20 });
    await loader.start();
    await rename(join(directory, 'd'), join(directory, 'old'));
    await until('config', async () => {
      await mkdir(join(directory, 'd'));
      await writeFile(path, documentOf('b'));
    });
    expect(loader.current?.uuid).toBe('b');
    expect(loader.state.isWatching).toBe(true);
  });

  it('makes no new configuration of the same content', async () => {
    await writeFile(file(), documentOf('a'));
    const { loader, configs } = loaderOf();
    await loader.start();
    await replace(file(), documentOf('a'));
    await loader.requestReload();
    expect(configs).toHaveLength(1);
  });

  it('reads at most once per 500 ms on request, and gives all callers that result', async () => {
    await writeFile(file(), documentOf('a'));
    let nowMs = 0;
    const { loader } = loaderOf({ nowMs: () => nowMs, path: join(directory, 'link', 'filter-config.yaml') });
    await symlink(directory, join(directory, 'link'));
    await loader.start();
    await rm(join(directory, 'link'));
    await mkdir(join(directory, 'link')); // Another directory: no event comes from here.
    const publish = (uuid: string) => replace(join(directory, 'link', 'filter-config.yaml'), documentOf(uuid));
    await publish('b');
    const first = loader.requestReload();
    expect(loader.requestReload()).toBe(first);
    await first;
    expect(loader.current?.uuid).toBe('b');
    await publish('c');
    nowMs = 499;
    await loader.requestReload();
    expect(loader.current?.uuid).toBe('b');
    nowMs = 500;
    await loader.requestReload();
    expect(loader.current?.uuid).toBe('c');
  });

  it('finds removed backends for 30 s', async () => {
    await writeFile(file(), documentOf('a', 'old', 'kept'));
    let nowMs = 0;
    const { loader, until } = loaderOf({ nowMs: () => nowMs });
    await loader.start();
    await until('config', () => replace(file(), documentOf('b', 'kept')));
    expect(loader.current?.backends.has('old')).toBe(false);
    nowMs = 29_999;
    expect(loader.findBackend('old')?.name).toBe('old');
    nowMs = 30_000;
    expect(loader.findBackend('old')).toBeUndefined();
    expect(loader.findBackend('kept')?.name).toBe('kept');
    expect(loader.findBackend('never')).toBeUndefined();
  });

  it('accepts another build version and warns once', async () => {
    await writeFile(file(), documentOf('a'));
    const { loader, warnings, until } = loaderOf({ version: 'v2' });
    await loader.start();
    await until('config', () => replace(file(), documentOf('b')));
    expect(loader.current?.uuid).toBe('b');
    expect(warnings).toEqual([
      'the configuration was written by build "v1" and is read by build "v2"; fields that this build does not know are ignored',
    ]);
  });

  it('passes on warnings about unknown fields', async () => {
    await writeFile(file(), 'version: v1\nflavour: mint\n');
    const { loader, warnings } = loaderOf();
    await loader.start();
    expect(warnings).toEqual([`${file()}:2: flavour: unknown field, ignored`]);
  });

  it('reports nothing any more when it is closed', async () => {
    await writeFile(file(), documentOf('a'));
    const { loader, configs } = loaderOf();
    await loader.start();
    await loader.close();
    await replace(file(), documentOf('b'));
    await loader.requestReload();
    expect(configs).toHaveLength(1);
    expect(loader.current?.uuid).toBe('a');
    expect(loader.state.isWatching).toBe(false);
  });
});

describe('ConfigLoader on a bundle', () => {
  const bundleOf = (uuid: string, ...backends: string[]) =>
    splitBundle(documentOf(uuid, ...backends), { version: VERSION, uuid }, (i) => `part-${i}`);
  const writeParts = async (uuid: string, ...backends: string[]) => {
    await mkdir(join(directory, 'parts'), { recursive: true });
    for (const { path, bytes } of bundleOf(uuid, ...backends).parts) await replace(join(directory, path), bytes);
  };
  const writeIndex = (uuid: string, ...backends: string[]) =>
    replace(join(directory, 'index.yaml'), bundleOf(uuid, ...backends).index);
  const bundleLoader = (options: Partial<ConfigLoaderOptions> = {}) =>
    loaderOf({ path: directory, kind: 'bundle', ...options });

  it('loads documents of several parts, and takes the next one by event', async () => {
    const many = Array.from({ length: 12_000 }, (_, i) => `default/backend-${i}/route/r/rule/0/ref/0`);
    await writeParts('a', ...many);
    await writeIndex('a', ...many);
    const { loader, until } = bundleLoader();
    await loader.start();
    expect(loader.current?.backends.size).toBe(12_000);
    await writeParts('b', 'n');
    await until('config', () => writeIndex('b', 'n'));
    expect(loader.current?.backends.size).toBe(1);
  });

  it.each([
    ['a part is missing', async () => {}, /part parts\/000 is missing; it is read again when the files change$/],
    [
      'the parts are old',
      () => writeParts('old'),
      /checksum mismatch: the parts give [0-9a-f]{64}, the index says [0-9a-f]{64}; /,
    ],
  ])('starts without a configuration when %s, and takes it when it is complete', async (_, prepare, warning) => {
    await prepare();
    await writeIndex('a');
    const { loader, warnings, errors, until } = bundleLoader();
    await loader.start();
    expect(loader.current).toBeUndefined();
    expect(loader.state.lastError?.message).toMatch(warning);
    expect(warnings).toEqual([loader.state.lastError?.message]);
    // Nothing changes in the directory that is watched.
    await until('config', () => writeParts('a'));
    expect(loader.current?.uuid).toBe('a');
    expect(loader.state.lastError).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it.each([
    ['no index', undefined, /index\.yaml: ENOENT/],
    ['an index without checksum', 'parts: [{path: parts/000}]', /index\.yaml:1: checksum: found nothing/],
    ['an index without parts', 'checksum: aa', /index\.yaml:1: parts: found nothing/],
  ])('refuses to start with %s', async (_, index, message) => {
    if (index !== undefined) await writeFile(join(directory, 'index.yaml'), index);
    await expect(bundleLoader().loader.start()).rejects.toThrow(message);
  });

  it('keeps the old configuration until all parts of the new one are there', async () => {
    await writeParts('a');
    await writeIndex('a');
    const { loader, errors, until } = bundleLoader();
    await loader.start();
    await until('failure', () => writeIndex('b'));
    expect(loader.current?.uuid).toBe('a');
    expect(errors).toEqual([expect.stringContaining('checksum mismatch')]);
    await until('config', () => writeParts('b'));
    expect(loader.current?.uuid).toBe('b');
  });

  it('reads index and parts of one version when Kubernetes swaps the link in between', async () => {
    for (const uuid of ['a', 'b']) {
      const { index, parts } = bundleOf(uuid);
      await mkdir(join(directory, `..${uuid}`, 'parts'), { recursive: true });
      await writeFile(join(directory, `..${uuid}`, 'index.yaml'), index);
      for (const { path, bytes } of parts) await writeFile(join(directory, `..${uuid}`, path), bytes);
    }
    // The state as a reader sees it that followed the link for the index before, and for the parts after the swap.
    await symlink(join('..a', 'index.yaml'), join(directory, 'index.yaml'));
    await symlink(join('..b', 'parts'), join(directory, 'parts'));
    const { loader, warnings } = bundleLoader();
    await loader.start();
    expect(loader.current?.uuid).toBe('a');
    expect(warnings).toEqual([]);
  });
});
