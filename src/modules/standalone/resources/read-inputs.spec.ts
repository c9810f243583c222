import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, it, expect } from '@jest/globals';
import { readInputs } from './read-inputs.js';

let root: string;
const at = (...parts: string[]) => join(root, ...parts);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'read-inputs-'));
  for (const directory of ['all', 'all/sub', 'all/dir.yaml', 'none', 'broken'])
    await mkdir(at(directory), { recursive: true });
  for (const name of ['b.yml', 'a.yaml', 'c.json', 'd.txt', '.hidden.yaml', 'sub/e.yaml'])
    await writeFile(at('all', name), `# ${name}`);
  await symlink(at('all', 'a.yaml'), at('all', 'z.yaml'));
  await symlink(at('nowhere'), at('broken', 'a.yaml'));
  await writeFile(at('binary.yaml'), Buffer.from([0x61, 0xff, 0xfe]));
  await writeFile(at('big.yaml'), Buffer.alloc(4 * 1024 * 1024 + 1, 'x'));
});

afterAll(() => rm(root, { recursive: true }));

describe('readInputs', () => {
  it('reads one file when the path is a file', async () => {
    expect(await readInputs(at('all', 'd.txt'))).toEqual([{ name: at('all', 'd.txt'), text: '# d.txt' }]);
  });

  it('reads the resource files in order of name when the path is a directory', async () => {
    expect(await readInputs(at('all'))).toEqual([
      { name: at('all', 'a.yaml'), text: '# a.yaml' },
      { name: at('all', 'b.yml'), text: '# b.yml' },
      { name: at('all', 'c.json'), text: '# c.json' },
      { name: at('all', 'z.yaml'), text: '# a.yaml' },
    ]);
  });

  it('reads standard input when the path is a dash', async () => {
    const bytes = Buffer.from('a: ü');
    expect(await readInputs('-', Readable.from([bytes.subarray(0, 4), bytes.subarray(4)]))).toEqual([
      { name: '(stdin)', text: 'a: ü' },
    ]);
    expect(await readInputs('-', Readable.from(['a: ', '1']))).toEqual([{ name: '(stdin)', text: 'a: 1' }]);
  });

  it.each([
    ['missing', 'there is no such file or directory; correct the path'],
    ['none', 'found no file in it that ends in .yaml, .yml or .json; add one, or name a file'],
    ['binary.yaml', 'found bytes that are not UTF-8 text; expected YAML or JSON'],
    ['big.yaml', 'found more than 4 MiB; expected less; name the right file'],
  ])('refuses %s', async (name, reason) => {
    await expect(readInputs(at(name))).rejects.toMatchObject({
      name: 'UserFacingError',
      message: `cannot read resources from "${at(name)}": ${reason}`,
    });
  });

  it('names the file when a link in a directory leads nowhere', async () => {
    const message = `cannot read resources from "${at('broken', 'a.yaml')}": there is no such file or directory; correct the path`;
    await expect(readInputs(at('broken'))).rejects.toMatchObject({ name: 'UserFacingError', message });
  });

  it('refuses standard input without end', async () => {
    function* endless() {
      for (;;) yield Buffer.alloc(1024 * 1024, 'x');
    }
    const message = 'cannot read resources from "(stdin)": found more than 4 MiB; expected less; name the right file';
    await expect(readInputs('-', Readable.from(endless()))).rejects.toMatchObject({ name: 'UserFacingError', message });
  });
});
