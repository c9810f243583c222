import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { assembleBundle, parseBundleIndex, PART_SIZE_BYTES } from '../../../shared/filter-config/bundle.js';
import type { FilterConfig } from '../../../shared/filter-config/filter-config.js';
import { serializeFilterConfig } from '../../../shared/filter-config/serialize.js';
import { Redacted } from '../../../shared/secret.js';
import { generateConfigSecrets } from './filter-config-secrets.js';
import { generatedForGateway } from './ownership.js';

const gateway = (name = 'gw', namespace = 'default'): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace },
});

/** Of a document with about so many bytes, in characters of three bytes. */
const config = (sizeBytes: number): FilterConfig => ({
  version: 'v',
  uuid: 'id',
  globalLLMRequestCosts: [],
  llmRequestCosts: [],
  models: [],
  backends: [
    {
      name: 'b',
      modelNameOverride: '',
      schema: { name: 'OpenAI', prefix: 'v1' },
      auth: { apiKey: { key: new Redacted('€'.repeat(sizeBytes / 3)) } },
    },
  ],
});

const secretsOf = (sizeBytes: number, writesLegacySecret = false, of = gateway()) =>
  generateConfigSecrets(of, config(sizeBytes), 'eg-system', { writesLegacySecret });
const bytes = (secret: { data?: Readonly<Record<string, string>> } | undefined, key: string) =>
  Buffer.from(secret?.data?.[key] ?? '', 'base64');

describe('generateConfigSecrets', () => {
  it('names the Secrets as the reference does, parts first', () => {
    expect(secretsOf(3, true).map(({ metadata }) => metadata.name)).toEqual([
      'gw-default-3d45476e8d68-part-000',
      'gw-default-3d45476e8d68',
      'gw-default',
    ]);
  });

  it('gives parts from which the index leads back to the document when characters are cut in the middle', () => {
    const secrets = secretsOf(2 * PART_SIZE_BYTES + 30_000);
    const index = parseBundleIndex(bytes(secrets.at(-1), 'index.yaml').toString(), 'index.yaml');
    const chunks = secrets.slice(0, -1).map((secret) => bytes(secret, 'chunk'));
    expect(index.parts.map(({ name, path }) => [name, path])).toEqual(
      secrets.slice(0, -1).map(({ metadata }, i) => [metadata.name, `parts/00${i}`]),
    );
    expect(chunks.map(({ length }) => length)).toEqual([PART_SIZE_BYTES, PART_SIZE_BYTES, expect.any(Number)]);
    // Of two cuts at least one lies inside of a character of three bytes.
    expect(chunks.slice(0, 2).some((chunk) => chunk.toString().endsWith('\ufffd'))).toBe(true);
    const parts = new Map(index.parts.map(({ path }, i) => [path, chunks[i]!]));
    expect(assembleBundle(index, parts, 'index.yaml')).toBe(
      serializeFilterConfig(config(2 * PART_SIZE_BYTES + 30_000)),
    );
  });

  it('refuses a document that eight parts do not hold, without a word of it', () => {
    const refused = () => secretsOf(8 * PART_SIZE_BYTES);
    expect(refused).toThrow(/more than the 5734400 that can be stored; spread the routes over more gateways/);
    expect(refused).not.toThrow(/€/);
  });

  it.each([
    ['it is asked for', 3, true, gateway(), true],
    ['it is not asked for', 3, false, gateway(), false],
    ['the document is larger than a Secret', 1_048_576, true, gateway(), false],
    ['its name would be longer than 253', 3, true, gateway('g'.repeat(250)), false],
  ])('has the legacy Secret only when it fits and is wanted: %s', (_, sizeBytes, isWanted, of, expected) => {
    const names = secretsOf(sizeBytes, isWanted, of).map(({ metadata }) => metadata.name);
    expect(names.includes(`${of.metadata.name}-default`)).toBe(expected);
  });

  it('marks every Secret as that of its Gateway, so that it is found again', () => {
    for (const secret of secretsOf(PART_SIZE_BYTES, true)) {
      expect(secret.metadata.namespace).toBe('eg-system');
      expect(generatedForGateway(secret)).toBe('gateway.networking.k8s.io/Gateway/default/gw');
    }
  });

  it('takes no Secret for its own whose label and annotation do not belong together', () => {
    const [secret] = secretsOf(3);
    const annotations = { 'aigateway.envoyproxy.io/gateway': 'default/other' };
    expect(generatedForGateway({ ...secret!, metadata: { ...secret!.metadata, annotations } })).toBeUndefined();
    expect(generatedForGateway({ ...secret!, metadata: { name: 'x', annotations } })).toBeUndefined();
  });
});
