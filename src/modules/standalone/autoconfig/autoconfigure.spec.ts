import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { autoconfigure } from './autoconfigure.js';

interface Generated {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly spec?: Record<string, unknown>;
}

const objectsFor = (env: Record<string, string>): Generated[] =>
  parseAllDocuments(autoconfigure(env)).map((document) => document.toJS() as Generated);
const find = (env: Record<string, string>, kind: string) => objectsFor(env).find((object) => object.kind === kind);

const OPENAI = { OPENAI_API_KEY: 'sk-secret' };
const AZURE = {
  AZURE_OPENAI_API_KEY: 'az-secret',
  AZURE_OPENAI_ENDPOINT: 'https://me.openai.azure.com/ignored',
  OPENAI_API_VERSION: '2024-10-21',
};

describe('autoconfigure', () => {
  it('generates the objects of OpenAI', () => {
    expect(objectsFor(OPENAI).map((object) => `${object.kind}/${object.metadata.name}`)).toEqual([
      'GatewayClass/aigw-run',
      'Gateway/aigw-run',
      'EnvoyProxy/envoy-ai-gateway',
      'AIGatewayRoute/aigw-run',
      'Backend/openai',
      'AIServiceBackend/openai',
      'BackendTLSPolicy/openai-tls',
      'ClientTrafficPolicy/client-buffer-limit',
      'Secret/openai-apikey',
      'BackendSecurityPolicy/openai-apikey',
    ]);
  });

  it('keeps Envoy quiet, and names the access log', () => {
    expect(find(OPENAI, 'EnvoyProxy')?.spec).toMatchObject({
      logging: { level: { default: 'error' } },
      telemetry: { accessLog: { settings: [{ sinks: [{ type: 'File', file: { path: '/dev/stdout' } }] }] } },
    });
  });

  it('puts the Backend of a collector behind that of the provider', () => {
    const env = { ...OPENAI, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4317' };
    const names = objectsFor(env).flatMap((object) => (object.kind === 'Backend' ? [object.metadata.name] : []));
    expect(names).toEqual(['openai', 'otel']);
  });

  it('never writes a key', () => {
    const text = autoconfigure({ ...OPENAI, ANTHROPIC_API_KEY: 'sk-secret' });
    expect(text).not.toContain('sk-secret');
    expect(find(OPENAI, 'Secret')?.metadata.annotations).toEqual({
      'substitution.aigw.run/env/apiKey': 'OPENAI_API_KEY',
    });
  });

  it.each<[string, Record<string, string>, object, object, object]>([
    ['OpenAI', OPENAI, { name: 'OpenAI' }, { fqdn: { hostname: 'api.openai.com', port: 443 } }, { type: 'APIKey' }],
    [
      'another OpenAI with a path',
      { ...OPENAI, OPENAI_BASE_URL: 'https://openrouter.ai/api/v1/' },
      { name: 'OpenAI', prefix: 'api/v1' },
      { fqdn: { hostname: 'openrouter.ai', port: 443 } },
      { type: 'APIKey' },
    ],
    [
      'a local OpenAI',
      { ...OPENAI, OPENAI_BASE_URL: 'http://[::1]:11434/v1' },
      { name: 'OpenAI' },
      { ip: { address: '::1', port: 11434 } },
      { type: 'APIKey' },
    ],
    [
      'a host in capitals',
      { ...OPENAI, OPENAI_BASE_URL: 'HTTPS://API.Example.COM/v1' },
      { name: 'OpenAI' },
      { fqdn: { hostname: 'api.example.com', port: 443 } },
      { type: 'APIKey' },
    ],
    [
      'Azure before OpenAI',
      { ...OPENAI, ...AZURE },
      { name: 'AzureOpenAI', version: '2024-10-21' },
      { fqdn: { hostname: 'me.openai.azure.com', port: 443 } },
      { type: 'AzureAPIKey' },
    ],
    [
      'Anthropic',
      { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: '' },
      { name: 'Anthropic' },
      { fqdn: { hostname: 'api.anthropic.com', port: 443 } },
      { type: 'AnthropicAPIKey' },
    ],
    [
      'OpenAI before Anthropic',
      { ...OPENAI, ANTHROPIC_API_KEY: 'k' },
      { name: 'OpenAI' },
      { fqdn: { hostname: 'api.openai.com', port: 443 } },
      { type: 'APIKey' },
    ],
  ])('points at %s', (_, env, schema, endpoint, policy) => {
    expect(find(env, 'AIServiceBackend')?.spec?.['schema']).toEqual(schema);
    expect(find(env, 'Backend')?.spec?.['endpoints']).toEqual([endpoint]);
    expect(find(env, 'BackendSecurityPolicy')?.spec).toMatchObject(policy);
  });

  it.each([
    ['OpenAI', { ...OPENAI, OPENAI_ORG_ID: 'org', OPENAI_PROJECT_ID: 'p$1' }],
    ['Azure', { ...AZURE, OPENAI_ORG_ID: 'org', OPENAI_PROJECT_ID: 'p$1' }],
  ])('sets organization and project for %s, safe from substitution', (_, env) => {
    expect(find(env, 'AIServiceBackend')?.spec?.['headerMutation']).toEqual({
      set: [
        { name: 'OpenAI-Organization', value: 'org' },
        { name: 'OpenAI-Project', value: 'p$$1' },
      ],
    });
  });

  it('speaks plain text when the base URL says http', () => {
    expect(find({ ...OPENAI, OPENAI_BASE_URL: 'http://localhost:11434/v1' }, 'BackendTLSPolicy')).toBeUndefined();
  });

  it('listens on 1975, or where AIGW_PORT says', () => {
    const listeners = (env: Record<string, string>) => find(env, 'Gateway')?.spec?.['listeners'];
    expect(listeners(OPENAI)).toEqual([{ name: 'http', protocol: 'HTTP', port: 1975 }]);
    expect(listeners({ ...OPENAI, AIGW_PORT: '2000' })).toEqual([{ name: 'http', protocol: 'HTTP', port: 2000 }]);
    expect(() => autoconfigure({ ...OPENAI, AIGW_PORT: '0x7' })).toThrow(
      'AIGW_PORT is "0x7"; expected a port from 1 to 65535',
    );
  });

  it('names an Envoy version only when one is set', () => {
    expect(find(OPENAI, 'EnvoyProxy')?.spec).not.toHaveProperty('provider');
    expect(find({ ...OPENAI, ENVOY_VERSION: '1.38.1' }, 'EnvoyProxy')?.spec?.['provider']).toEqual({
      type: 'Host',
      host: { envoyVersion: '1.38.1' },
    });
  });

  const nothing =
    'you must supply at least OPENAI_API_KEY, AZURE_OPENAI_API_KEY, ANTHROPIC_API_KEY, or a config file path';
  it.each<[Record<string, string>, string]>([
    [{}, nothing],
    [{ OPENAI_API_KEY: '' }, nothing],
    [
      { AZURE_OPENAI_API_KEY: 'k' },
      'AZURE_OPENAI_ENDPOINT environment variable is required when AZURE_OPENAI_API_KEY is set',
    ],
    [
      { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://x' },
      'OPENAI_API_VERSION environment variable is required when AZURE_OPENAI_API_KEY is set',
    ],
    [{ ...OPENAI, OPENAI_BASE_URL: 'https://' }, 'invalid base URL: missing hostname'],
    [{ ...OPENAI, OPENAI_BASE_URL: 'api.openai.com/v1' }, 'invalid base URL: missing hostname'],
    [
      { ...OPENAI, OPENAI_BASE_URL: 'http://my_llm:8000/v1' },
      'invalid base URL: host name "my_llm" has other characters than letters, digits, dashes and dots',
    ],
    [{ ...OPENAI, OPENAI_BASE_URL: 'ftp://x/v1' }, 'invalid base URL: unsupported scheme "ftp"'],
    [{ ...OPENAI, OPENAI_BASE_URL: 'http://x:70000/v1' }, 'invalid base URL: port 70000 is not from 1 to 65535'],
  ])('refuses %j', (env, message) => {
    expect(() => autoconfigure(env)).toThrow(message);
  });
});
