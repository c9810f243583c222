import { describe, expect, it } from '@jest/globals';
import { formatStartDuration, readyLine, readyReport } from './ready-report.js';
import { summarizeChange, type Summary } from './summary.js';

const summary: Summary = {
  gateway: 'default/g',
  listeners: [{ name: 'http', protocol: 'HTTP', port: 1975 }],
  routes: [{ name: 'default/r', hostnames: [], models: ['/gpt-.*/', "it's"], backends: ['default/b'] }],
  backends: [{ name: 'default/b', schema: 'OpenAI', endpoints: ['api.openai.com:443'] }],
  asksForCredentials: false,
};
describe('readyReport', () => {
  it('is a table and a command', () => {
    expect(readyReport({ summary, adminPort: 1064, logPath: '/l', demoControlPort: 9 })).toBe(String.raw`
  listener  http       HTTP 1975
  route     default/r  /gpt-.*/, it's → default/b
  backend   default/b  OpenAI at api.openai.com:443

Try it:
  curl -s http://localhost:1975/v1/chat/completions -H 'content-type: application/json' -d '{"model":"it'\''s","messages":[{"role":"user","content":"Hello!"}]}'

Make the primary demo provider fail, and heal it:
  curl -X POST http://localhost:9/demo/primary/stop      (or fail?status=503, slow?ms=5000)
  curl -X POST http://localhost:9/demo/primary/recover

Health and metrics: http://localhost:1064/health and /metrics. Log: /l`);
  });

  it('shows the first models of many', () => {
    const routes = [{ ...summary.routes[0]!, models: Array.from({ length: 10 }, (_, index) => `m${index}`) }];
    expect(readyReport({ summary: { ...summary, routes }, adminPort: 1, logPath: '/l' })).toContain(
      'm6, m7 and 2 more →',
    );
  });

  it('says so when requests need a credential', () => {
    expect(readyReport({ summary: { ...summary, asksForCredentials: true }, adminPort: 1, logPath: '/l' })).toContain(
      'Try it, with a credential of your SecurityPolicy added:\n  curl ',
    );
  });
});

describe('readyLine', () => {
  it('is that of the reference', () => {
    expect(readyLine(1975, '127.0.0.1:40645', 1_249)).toBe(
      'Envoy AI Gateway listening on http://localhost:1975 (admin http://localhost:40645) after 1.2s',
    );
  });

  it.each([
    [0, '0s'],
    [49, '0s'],
    [50, '100ms'],
    [949, '900ms'],
    [950, '1s'],
    [12_340, '12.3s'],
    [60_449, '1m0.4s'],
  ])('rounds %d ms to %s', (durationMs, text) => {
    expect(formatStartDuration(durationMs)).toBe(text);
  });
});

describe('summarizeChange', () => {
  it('names what came and went', () => {
    const after: Summary = {
      ...summary,
      listeners: [{ name: 'http', protocol: 'HTTP', port: 80, hostname: 'h' }],
      routes: [{ ...summary.routes[0]!, models: ["it's", 'new'] }],
    };
    expect(summarizeChange(summary, after)).toEqual([
      '+ listener http (HTTP 80 h)',
      '- listener http (HTTP 1975)',
      '+ model new',
      '- model /gpt-.*/',
    ]);
  });

  it('is empty when nothing to be seen changed', () => {
    expect(summarizeChange(summary, summary)).toEqual([]);
  });
});
