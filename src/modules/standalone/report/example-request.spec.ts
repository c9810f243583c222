import { describe, expect, it } from '@jest/globals';
import { exampleRequest } from './example-request.js';
import type { Summary } from './summary.js';

const route = { name: 'default/r', hostnames: [], models: ['/gpt-.*/', "it's"], backends: ['default/b'] };
const summary: Summary = {
  gateway: 'default/g',
  listeners: [{ name: 'http', protocol: 'HTTP', port: 1975 }],
  routes: [route],
  backends: [{ name: 'default/b', schema: 'OpenAI', endpoints: ['api.openai.com:443'] }],
  asksForCredentials: false,
};

describe('exampleRequest', () => {
  it('asks the first listener for a model that has a name', () => {
    expect(exampleRequest(summary)).toBe(
      String.raw`curl -s http://localhost:1975/v1/chat/completions -H 'content-type: application/json' -d '{"model":"it'\''s","messages":[{"role":"user","content":"Hello!"}]}'`,
    );
  });

  it('reaches a host by its name, also in the TLS handshake', () => {
    const listeners = [{ name: 'https', protocol: 'HTTPS', port: 8443, hostname: '*.example.com' }];
    expect(exampleRequest({ ...summary, listeners })).toContain(
      'curl -s -k --connect-to any.example.com:8443:localhost:8443 https://any.example.com:8443/v1/chat/completions',
    );
  });

  it('takes model and host of the same route', () => {
    const other = { ...route, hostnames: ['other.test'], models: ['/.*/'] };
    const named = { ...route, hostnames: ['named.test'], models: ['named'] };
    const line = exampleRequest({ ...summary, routes: [other, named] });
    expect(line).toContain('http://named.test:1975/');
    expect(line).toContain('"model":"named"');
  });

  it('names a model of the provider when routes match by expression only', () => {
    expect(exampleRequest({ ...summary, routes: [{ ...route, models: ['/.*/'] }] })).toContain('"model":"gpt-4o-mini"');
  });

  it('speaks the dialect of Anthropic when all backends do', () => {
    const backends = [{ name: 'default/b', schema: 'Anthropic', endpoints: [] }];
    const line = exampleRequest({ ...summary, routes: [{ ...route, models: ['/.*/'] }], backends });
    expect(line).toBe(
      `curl -s http://localhost:1975/anthropic/v1/messages -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' -d '{"model":"claude-sonnet-4-5","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}'`,
    );
  });

  it('is none when nothing is routed', () => {
    expect(exampleRequest({ ...summary, routes: [] })).toBeUndefined();
  });
});
