import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { refusal, startWithOurCrds, tryCreate, versionsOf, type Kind } from './served-kinds.js';

interface Case {
  /** What the object has. */
  readonly it: string;
  readonly spec?: unknown;
  /** Absent: all versions of the kind. */
  readonly versions?: readonly string[];
  /** Absent: the object is accepted. The wording around `says` depends on the version of the API server. */
  readonly refused?: { readonly at: string; readonly says: string };
  /** `spec` with defaults and without unknown members. */
  readonly stored?: unknown;
}

const FILES: Readonly<Record<Kind, string>> = {
  AIGatewayRoute: 'ai-gateway-route',
  AIServiceBackend: 'ai-service-backend',
  BackendSecurityPolicy: 'backend-security-policy',
  GatewayConfig: 'gateway-config',
  MCPRoute: 'mcp-route',
  QuotaPolicy: 'quota-policy',
};

const rows = (kind: Kind) => {
  const text = readFileSync(new URL(`testdata/${FILES[kind]}.yaml`, import.meta.url), 'utf8');
  const cases = parse(text) as readonly Case[];
  return cases.flatMap((each) => (each.versions ?? versionsOf(kind)).map((version) => ({ ...each, version })));
};

/** Each row's object in a real API server: what is refused, where and why; what is stored. */
describe('admission', () => {
  let cluster: KubeCluster;
  beforeAll(async () => {
    cluster = await startWithOurCrds();
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
  });

  describe.each(Object.keys(FILES) as readonly Kind[])('of %s', (kind) => {
    const accepted = rows(kind).filter(({ refused, stored }) => refused === undefined && stored === undefined);
    it.each(accepted)('of $version accepts $it', async ({ version, spec }) => {
      const object = await tryCreate(cluster.api, kind, version, spec);
      expect(object).toMatchObject({ kind, metadata: { name: 'tried' }, ...(spec === undefined ? {} : { spec }) });
    });

    const normalised = rows(kind).filter(({ stored }) => stored !== undefined);
    it.each(normalised)('of $version takes $it', async ({ version, spec, stored }) => {
      expect((await tryCreate(cluster.api, kind, version, spec)).spec).toEqual(stored);
    });

    const refused = rows(kind).flatMap((row) => (row.refused ? [{ ...row, refused: row.refused }] : []));
    it.each(refused)('of $version refuses $it', async ({ version, spec, refused: { at, says } }) => {
      const error = await refusal(tryCreate(cluster.api, kind, version, spec));
      expect(error).toMatchObject({ status: 422, reason: 'Invalid' });
      // `<path>: Invalid value: …: <text>`, in brackets and with commas when there are several.
      const causes = error.detail.split(/ is invalid: \[?|, (?=spec|<nil>)/).slice(1);
      expect(causes).toContainEqual(expect.stringMatching(new RegExp(`^${escaped(at)}: .*${escaped(says)}`)));
    });
  });
});

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
