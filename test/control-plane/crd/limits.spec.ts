import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { KubeCluster } from '../../harness/kube/kube-cluster.js';
import { refusal, startWithOurCrds, tryCreate, versionsOf, type Kind } from './served-kinds.js';

/** Smallest objects of a kind around the list that is filled. */
const BASE = {
  AIGatewayRoute: '{rules: [{matches: [{}], backendRefs: [{name: a, headerMutation: {}, bodyMutation: {}}]}]}',
  AIServiceBackend: '{schema: {name: OpenAI}, backendRef: {group: gateway.envoyproxy.io, kind: Backend, name: b}}',
  BackendSecurityPolicy:
    '{type: AWSCredentials, awsCredentials: {region: r, oidcExchangeToken: {awsRoleArn: a, oidc: {provider: {issuer: i}, clientID: c, clientSecret: {name: s}, denyRedirect: {headers: [{name: a, value: b}]}}}}}',
  GatewayConfig: '{}',
  MCPRoute:
    '{parentRefs: [{name: g}], backendRefs: [{name: a, port: 80, toolSelector: {exclude: [x]}}], backendSelector: {rules: [{}]}, securityPolicy: {oauth: {issuer: "https://i", jwks: {remoteJWKS: {uri: u}}, protectedResourceMetadata: {resource: "https://r"}}, extAuth: {http: {backendRefs: [{name: s, port: 80}]}}, authorization: {rules: [{source: {jwt: {scopes: [s], claims: [{name: c, values: [v]}]}}, target: {tools: [{backend: b, tool: t}]}}]}}}',
  QuotaPolicy:
    '{perModelQuotas: [{modelName: m, quota: {bucketRules: [{quota: {limit: 1, duration: 1s}, clientSelectors: [{path: {}}]}]}}]}',
} as const satisfies Readonly<Record<Kind, string>>;

const OIDC = 'awsCredentials.oidcExchangeToken.oidc';
const OAUTH = 'securityPolicy.oauth';
const AUTHORIZATION = 'securityPolicy.authorization.rules';
const BUCKET = 'perModelQuotas.0.quota.bucketRules.0';
const TARGET = '{group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: "%"}';

/** Lists with their greatest length, and one item; `%` is its number. @see spec api.md sections 3 to 8 */
const LISTS: readonly (readonly [Kind, string, number, string])[] = [
  ['AIGatewayRoute', 'parentRefs', 16, '{name: "%"}'],
  ['AIGatewayRoute', 'hostnames', 16, 'h%.example.com'],
  ['AIGatewayRoute', 'rules', 15, '{name: r%, backendRefs: [{name: a}]}'],
  ['AIGatewayRoute', 'rules.0.backendRefs', 128, '{name: a}'],
  ['AIGatewayRoute', 'rules.0.matches', 128, '{}'],
  ['AIGatewayRoute', 'rules.0.matches.0.headers', 16, '{name: h%, value: v}'],
  ['AIGatewayRoute', 'rules.0.backendRefs.0.headerMutation.set', 16, '{name: h%, value: v}'],
  ['AIGatewayRoute', 'rules.0.backendRefs.0.headerMutation.remove', 16, 'h%'],
  ['AIGatewayRoute', 'rules.0.backendRefs.0.bodyMutation.set', 16, '{path: p%, value: v}'],
  ['AIGatewayRoute', 'rules.0.backendRefs.0.bodyMutation.remove', 16, 'p%'],
  ['AIGatewayRoute', 'llmRequestCosts', 36, '{metadataKey: k, type: CEL}'],
  ['BackendSecurityPolicy', 'targetRefs', 16, TARGET],
  ['BackendSecurityPolicy', `${OIDC}.provider.backendRefs`, 16, '{name: "%", port: 80}'],
  ['BackendSecurityPolicy', `${OIDC}.denyRedirect.headers`, 16, '{name: h%, value: v}'],
  ['MCPRoute', 'parentRefs', 16, '{name: "%"}'],
  ['MCPRoute', 'hostnames', 16, 'h%.example.com'],
  ['MCPRoute', 'headers', 16, '{name: h%, value: v}'],
  ['MCPRoute', 'backendRefs', 256, '{name: b%, port: 80}'],
  ['MCPRoute', 'backendRefs.0.toolSelector.exclude', 32, 't%'],
  ['MCPRoute', 'backendRefs.0.forwardHeaders', 32, '{name: h%}'],
  ['MCPRoute', 'backendSelector.rules', 32, '{cel: "true"}'],
  ['MCPRoute', `${OAUTH}.audiences`, 32, 'a%'],
  ['MCPRoute', `${OAUTH}.jwks.remoteJWKS.backendRefs`, 16, '{name: "%", port: 80}'],
  ['MCPRoute', `${OAUTH}.protectedResourceMetadata.scopesSupported`, 32, 's%'],
  ['MCPRoute', `${OAUTH}.protectedResourceMetadata.resourceSigningAlgValuesSupported`, 16, 'a%'],
  ['MCPRoute', `${OAUTH}.claimToHeaders`, 16, '{claim: c, header: h%}'],
  ['MCPRoute', 'securityPolicy.extAuth.http.backendRefs', 16, '{name: "%", port: 80}'],
  ['MCPRoute', AUTHORIZATION, 32, '{source: {jwt: {scopes: [s]}}}'],
  ['MCPRoute', `${AUTHORIZATION}.0.source.jwt.scopes`, 16, 's%'],
  ['MCPRoute', `${AUTHORIZATION}.0.source.jwt.claims`, 16, '{name: c, values: [v]}'],
  ['MCPRoute', `${AUTHORIZATION}.0.source.jwt.claims.0.values`, 128, 'v%'],
  ['MCPRoute', `${AUTHORIZATION}.0.target.tools`, 16, '{backend: b, tool: t%}'],
  ['QuotaPolicy', 'targetRefs', 16, TARGET],
  ['QuotaPolicy', 'perModelQuotas', 128, '{modelName: m}'],
  ['QuotaPolicy', `${BUCKET}.clientSelectors`, 8, '{path: {}}'],
  ['QuotaPolicy', `${BUCKET}.clientSelectors.0.headers`, 64, '{name: h%}'],
  ['QuotaPolicy', `${BUCKET}.clientSelectors.0.queryParams`, 16, '{name: p%}'],
];

/** Texts with their greatest length in characters. */
const TEXTS: readonly (readonly [Kind, string, number])[] = [
  ['AIGatewayRoute', 'rules.0.name', 253],
  ['AIGatewayRoute', 'rules.0.backendRefs.0.namespace', 63],
  ['AIServiceBackend', 'backendRef.name', 253],
  ['MCPRoute', 'path', 1024],
  ['MCPRoute', 'backendRefs.0.path', 1024],
  ['MCPRoute', `backendSelector.rules.0.cel`, 4096],
  ['MCPRoute', `${AUTHORIZATION}.0.cel`, 4096],
  ['MCPRoute', `${AUTHORIZATION}.0.source.jwt.claims.0.name`, 253],
  ['MCPRoute', `${AUTHORIZATION}.0.source.jwt.scopes.0`, 253],
  ['MCPRoute', `${OAUTH}.jwks.remoteJWKS.uri`, 253],
  ['MCPRoute', `${OAUTH}.protectedResourceMetadata.resourceName`, 256],
];

type Tree = Record<string, unknown>;

/** The base object of a kind with a value at a path. */
function withValue(kind: Kind, path: string, value: unknown): unknown {
  const spec = parse(BASE[kind]) as Tree;
  const steps = path.split('.');
  const last = steps.pop()!;
  const parent = steps.reduce<Tree>((inner, step) => inner[step] as Tree, spec);
  parent[last] = value;
  return spec;
}

const items = (count: number, item: string): unknown[] =>
  Array.from({ length: count }, (_, index) => parse(item.replaceAll('%', String(index))) as unknown);

/** `rules.0.name` as the server writes it. */
const written = (path: string) => `spec.${path}`.replaceAll(/[.](\d+)/g, '[$1]');

const everyVersion = <T extends readonly [Kind, string, ...unknown[]]>(table: readonly T[]) =>
  table.flatMap((row) => versionsOf(row[0]).map((version) => ({ version, row, title: `${row[0]}.${row[1]}` })));

describe('limits', () => {
  let cluster: KubeCluster;
  beforeAll(async () => {
    cluster = await startWithOurCrds();
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
  });

  it.each(everyVersion(LISTS))(
    'take the longest list and no longer one when it is $title of $version',
    async ({ version, row: [kind, path, most, item] }) => {
      const object = await tryCreate(cluster.api, kind, version, withValue(kind, path, items(most, item)));
      expect(object).toMatchObject({ kind });
      const error = await refusal(tryCreate(cluster.api, kind, version, withValue(kind, path, items(most + 1, item))));
      expect(error.detail).toContain(`${written(path)}: Too many: ${most + 1}: must have at most ${most} items`);
    },
  );

  it.each(everyVersion(TEXTS))(
    'take the longest text and no longer one when it is $title of $version',
    async ({ version, row: [kind, path, most] }) => {
      const object = await tryCreate(cluster.api, kind, version, withValue(kind, path, 'a'.repeat(most)));
      expect(object).toMatchObject({ kind });
      const error = await refusal(tryCreate(cluster.api, kind, version, withValue(kind, path, 'a'.repeat(most + 1))));
      expect(error.detail).toContain(`${written(path)}: Too long: may not be more than ${most} bytes`);
    },
  );
});
