import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { controllerContainer } from './chart.js';

const lines = (path: string) => readFileSync(path, 'utf8').split('\n');

/** Sources of COPY that come from the build context. */
const copied = lines('Dockerfile').flatMap((line) => {
  const words = /^COPY (?!--from)(.+)$/.exec(line)?.[1]?.split(/\s+/) ?? [];
  return words.slice(0, -1);
});

describe('Dockerfile', () => {
  it('copies files that exist', () => {
    expect(copied).toContain('src');
    expect(copied.filter((source) => !existsSync(source))).toEqual([]);
  });

  it('gets from .dockerignore what it copies and nothing else', () => {
    const [first, ...rest] = lines('.dockerignore').filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    const allowed = rest.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(allowed.sort()).toEqual([...copied].sort());
  });

  it('tells the version of the package in its labels', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(lines('Dockerfile')).toContain(`ARG VERSION=${version}`);
  });

  it('starts node itself, so that it gets the signals, and in both modes', () => {
    const instructions = lines('Dockerfile').filter((line) => /^(ENTRYPOINT|CMD)/.test(line));
    expect(instructions).toEqual(['ENTRYPOINT ["node", "/app/dist/main.js"]']);
  });

  it('runs as the user of the chart', () => {
    const rendered = readFileSync('test/control-plane/helm/testdata/default.out.yaml', 'utf8');
    expect(lines('Dockerfile').find((line) => line.startsWith('USER '))).toBe('USER 65532:65532');
    expect(controllerContainer(rendered)).toMatchObject({
      securityContext: { runAsUser: 65_532, runAsGroup: 65_532, readOnlyRootFilesystem: true },
    });
  });
});
