import { it, expect } from '@jest/globals';
import { parseResources } from './parse-resources.js';
import { autoconfigure } from '../autoconfig/autoconfigure.js';
import { formatProblem } from './problem.js';
it('auto', () => {
  for (const env of [{ OPENAI_API_KEY: 'sk-a: b #c' }, { ANTHROPIC_API_KEY: 'x', ENVOY_VERSION: '1.38.1' }, { AZURE_OPENAI_API_KEY: 'x', AZURE_OPENAI_ENDPOINT: 'http://127.0.0.1:8080', OPENAI_API_VERSION: '2025' , OPENAI_ORG_ID: 'o$1'}]) {
    const t = performance.now();
    const set = parseResources([{ name: 'gen', text: autoconfigure(env) }], { env, lenient: false, readFile: () => '' });
    console.log(performance.now() - t, set.problems.map(formatProblem), set.objects.map((o) => o.kind).join());
  }
  const route = (i: number) => `apiVersion: aigateway.envoyproxy.io/v1beta1\nkind: AIGatewayRoute\nmetadata: {name: r${i}}\nspec:\n  parentRefs: [{name: g}]\n  rules:\n    - matches: [{headers: [{name: x-ai-eg-model, value: m${i}}]}]\n      backendRefs: [{name: b}]\n---\n`;
  const text = Array.from({ length: 1000 }, (_, i) => route(i)).join('');
  let t = performance.now();
  let set = parseResources([{ name: 'x', text }], { env: {}, lenient: false, readFile: () => '' });
  console.log('1000 routes', performance.now() - t, set.objects.length, set.problems.length);
  const big = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n' + Array.from({length: 600000},(_, i)=>`  k${i}: v`).join('\n');
  t = performance.now();
  set = parseResources([{ name: 'x', text: big.slice(0, 10*1024*1024) }], { env: {}, lenient: false, readFile: () => '' });
  console.log('big', big.length, performance.now() - t, set.objects.length, set.problems.length, process.memoryUsage().rss/1e6);
  const list = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n' + Array.from({length: 300000},(_, i)=>`  k${i}: 5`).join('\n');
  t = performance.now();
  set = parseResources([{ name: 'x', text: list }], { env: {}, lenient: false, readFile: () => '' });
  console.log('errors', performance.now() - t, set.objects.length, set.problems.length, process.memoryUsage().rss/1e6);
  expect(1).toBe(1);
}, 200000);
