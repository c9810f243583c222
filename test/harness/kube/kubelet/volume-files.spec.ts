import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TemporaryDirectory } from '../../temporary-directory.js';
import type { Volume } from './pod.js';
import { volumeFiles, writeVolume, type ReadObject } from './volume-files.js';

const objects: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Secret/index': { 'index.yaml': 'i' },
  'Secret/part': { chunk: 'c' },
  'ConfigMap/settings': { a: '1', b: '2' },
};

const read: ReadObject = async (kind, name) => {
  const data = objects[`${kind}/${name}`];
  return data && new Map(Object.entries(data).map(([key, text]) => [key, Buffer.from(text)]));
};

const texts = async (volume: Volume) =>
  Object.fromEntries([...(await volumeFiles(volume, read))].map(([path, content]) => [path, content.toString()]));

describe('volumeFiles', () => {
  it.each<[string, Volume, object]>([
    ['all keys of a ConfigMap', { name: 'v', configMap: { name: 'settings' } }, { a: '1', b: '2' }],
    ['some keys', { name: 'v', configMap: { name: 'settings', items: [{ key: 'a', path: 'x/y' }] } }, { 'x/y': '1' }],
    ['a Secret', { name: 'v', secret: { secretName: 'part' } }, { chunk: 'c' }],
    ['nothing of an optional Secret that is missing', { name: 'v', secret: { secretName: 'no', optional: true } }, {}],
    ['an empty folder', { name: 'v', emptyDir: {} }, {}],
    [
      'a projection of several, optional ones left out',
      {
        name: 'v',
        projected: {
          sources: [
            { secret: { name: 'index', items: [{ key: 'index.yaml', path: 'index.yaml' }] } },
            { secret: { name: 'part', optional: true, items: [{ key: 'chunk', path: 'parts/000' }] } },
            { secret: { name: 'no', optional: true, items: [{ key: 'chunk', path: 'parts/001' }] } },
          ],
        },
      },
      { 'index.yaml': 'i', 'parts/000': 'c' },
    ],
  ])('shows %s', async (_, volume, files) => {
    expect(await texts(volume)).toEqual(files);
  });

  it.each<[string, Volume, string]>([
    ['a missing object', { name: 'v', secret: { secretName: 'no' } }, 'Secret no does not exist'],
    [
      'a missing key',
      { name: 'v', configMap: { name: 'settings', items: [{ key: 'z', path: 'z' }] } },
      'ConfigMap settings has no key z',
    ],
    [
      'another kind of volume',
      { name: 'v' },
      'volume v: only emptyDir, secret, configMap and projected can be mounted here',
    ],
  ])('refuses %s', async (_, volume, message) => {
    await expect(volumeFiles(volume, read)).rejects.toThrow(message);
  });
});

describe('writeVolume', () => {
  let directory: TemporaryDirectory;
  beforeEach(() => {
    directory = new TemporaryDirectory();
  });
  afterEach(() => directory.remove());

  const write = (files: Readonly<Record<string, string>>) =>
    writeVolume(directory.path, new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));
  const visible = () => readdirSync(directory.path).filter((name) => !name.startsWith('..'));
  const text = (path: string) => readFileSync(join(directory.path, path), 'utf8');

  it('replaces all files in one step, and removes those that are gone', () => {
    write({ 'index.yaml': 'one', 'parts/000': 'a', 'parts/001': 'b' });
    expect([text('index.yaml'), text('parts/001')]).toEqual(['one', 'b']);
    write({ 'index.yaml': 'two', other: 'o' });
    expect(visible().sort()).toEqual(['index.yaml', 'other']);
    expect(text('index.yaml')).toBe('two');
    expect(readdirSync(directory.path).filter((name) => name.startsWith('..'))).toHaveLength(2);
  });

  it('leaves files alone when nothing changed', () => {
    write({ a: '1' });
    const before = statSync(join(directory.path, 'a')).ino;
    write({ a: '1' });
    expect(statSync(join(directory.path, 'a')).ino).toBe(before);
  });
});
