import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { parseAllDocuments } from 'yaml';
import { terminalOn } from './terminal.js';
import { translateToYaml } from './translate-to-yaml.js';

const ROOT = resolve(import.meta.dirname, '../../..');

interface Given {
  readonly withXds?: boolean;
  readonly stdin?: string;
  readonly env?: Record<string, string>;
}

async function translate(path: string, { withXds = false, stdin = '', env = {} }: Given = {}) {
  let out = '';
  let err = '';
  const code = await translateToYaml({
    path,
    env,
    isLenient: false,
    withXds,
    stdin: Readable.from([stdin]),
    terminal: terminalOn({ write: (text) => (out += text) }, { write: (text) => (err += text) }),
  });
  return { code, out, err };
}

describe('translateToYaml', () => {
  it('prints objects and filter config, and the configuration of Envoy when asked for', async () => {
    const path = join(ROOT, 'examples', 'quickstart.yaml');
    const read = ({ out }: { out: string }) =>
      parseAllDocuments(out).map((one) => one.toJS() as Record<string, unknown>);
    const plain = read(await translate(path));
    expect(plain.map((one) => one['kind'] ?? Object.keys(one)[0])).toEqual([
      'HTTPRouteFilter',
      'HTTPRouteFilter',
      'HTTPRoute',
      'filterConfig',
    ]);
    const withXds = read(await translate(path, { withXds: true }));
    expect(Object.keys(withXds.at(-1)!['xds'] as object)).toEqual(['listeners', 'routes', 'clusters', 'secrets']);
  });

  it('shows no key', async () => {
    const { code, out } = await translate(join(ROOT, 'examples', 'openai.yaml'), {
      withXds: true,
      env: { OPENAI_API_KEY: 'sk-very-secret' },
    });
    expect(code).toBe(0);
    expect(out).toContain('apiKey:\n          key: "[REDACTED]"');
    expect(out).not.toContain('sk-very-secret');
  });

  it('shows no credential of the configuration of Envoy', async () => {
    const guarded = `${readFileSync(join(ROOT, 'examples', 'quickstart.yaml'), 'utf8')}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: keys}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: quickstart}]
  apiKeyAuth: {credentialRefs: [{name: clients}], extractFrom: [{headers: [x-key]}]}
  jwt: {providers: [{name: one, localJWKS: {inline: '{"keys":[{"kty":"oct","k":"very-secret"}]}'}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: clients}
stringData: {alice: very-secret}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: {name: proxy}
spec:
  telemetry:
    accessLog:
      settings:
        - sinks:
            - type: OpenTelemetry
              openTelemetry:
                backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: demo-primary}]
                headers: [{name: x-key, value: very-secret}]
`.replace(
      'spec:\n  gatewayClassName',
      'spec:\n  infrastructure: {parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: proxy}}\n  gatewayClassName',
    );
    const { code, out } = await translate('-', { withXds: true, stdin: guarded });
    expect(code).toBe(0);
    expect(out.match(/(credentials|local_jwks|initial_metadata): "\[REDACTED\]"/g)).toEqual(
      expect.arrayContaining([
        'credentials: "[REDACTED]"',
        'local_jwks: "[REDACTED]"',
        'initial_metadata: "[REDACTED]"',
      ]),
    );
    expect(out).not.toContain('very-secret');
  });

  it('tells problems and fails when one is an error', async () => {
    expect(await translate('-', { stdin: 'kind: [' })).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^\(stdin\):1: /),
    });
  });
});
