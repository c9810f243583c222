import { describe, expect, it } from '@jest/globals';
import type { AIGatewayRoute, AIGatewayRouteRule } from '../../../shared/api/ai-gateway.js';
import type { HTTPHeaderMatch } from '../../../shared/api/http-route.js';
import { resolveListedModels } from './listed-models.js';

const PATH = 'metadata.annotations[aigateway.envoyproxy.io/models]';
const exact = (value: string): HTTPHeaderMatch => ({ name: 'x-ai-eg-model', value });
const pattern = (value: string): HTTPHeaderMatch => ({ ...exact(value), type: 'RegularExpression' });
const rule = (...headers: readonly HTTPHeaderMatch[]): AIGatewayRouteRule => ({
  matches: headers.map((header) => ({ headers: [header] })),
});
const routeOf = (models: string | undefined, rules: readonly AIGatewayRouteRule[]): AIGatewayRoute => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'AIGatewayRoute',
  metadata: {
    name: 'r',
    namespace: 'default',
    ...(models !== undefined && { annotations: { 'aigateway.envoyproxy.io/models': models } }),
  },
  spec: { rules },
});
/** Names, and warnings as `path: message`. */
function listed(models: string | undefined, rules: readonly AIGatewayRouteRule[]) {
  const result = resolveListedModels(routeOf(models, rules));
  expect(result.faults.filter(({ severity }) => severity !== 'warning')).toEqual([]);
  return {
    names: result.models.map(({ name }) => name),
    warnings: result.faults.map(({ path, message }) => `${path}: ${message}`),
  };
}

describe('resolveListedModels', () => {
  it.each([
    ['commas', 'a,b,c'],
    ['spaces', ' a b  c '],
    ['lines', 'a\nb\r\n\tc\n'],
    ['all of them, and twice', ', a ,\n,b a,c,,b'],
  ])('reads names between %s, each once', (_, text) => {
    expect(listed(text, [rule(pattern('.*'))])).toEqual({ names: ['a', 'b', 'c'], warnings: [] });
  });

  it.each<[string, readonly AIGatewayRouteRule[]]>([
    ['a regular expression', [rule(exact('other'), pattern('mod.*'))]],
    ['an exact match', [rule(exact('model'))]],
    ['a match by another header', [{ matches: [{ headers: [{ name: 'x-team', value: 'blue' }] }] }]],
    ['a match without headers', [{ matches: [{}] }]],
    ['a rule without matches', [{}]],
    ['a rule with an empty list of matches', [{ matches: [] }]],
    ['a header in another case', [rule({ ...pattern('mod.*'), name: 'X-AI-EG-Model' })]],
  ])('lists a model that is served by %s', (_, rules) => {
    expect(listed('model', rules)).toEqual({ names: ['model'], warnings: [] });
  });

  it('names the most specific match first, and all others', () => {
    const rules: AIGatewayRouteRule[] = [
      { modelsOwnedBy: 'any' },
      { ...rule(pattern('m.*')), modelsOwnedBy: 'pattern' },
      { ...rule(pattern('mo.*'), exact('model')), modelsOwnedBy: 'exact' },
    ];
    const [model] = resolveListedModels(routeOf('model', rules)).models;
    expect(
      model?.servedBy.map(({ rule: { modelsOwnedBy }, match }) => [modelsOwnedBy, match.headers?.[0]?.value]),
    ).toEqual([
      ['exact', 'model'],
      ['pattern', 'm.*'],
      ['exact', 'mo.*'],
      ['any', undefined],
    ]);
  });

  it('leaves out what no rule serves, and says so', () => {
    const header = { headers: [exact('first-counts'), { ...pattern('model'), name: 'X-AI-EG-MODEL' }] };
    expect(listed('a model b-1 b', [rule(exact('other'), pattern('b')), { matches: [header] }])).toEqual({
      names: ['b'],
      warnings: [
        `${PATH}: model lists leave out "a", "model", "b-1": no rule of this route is found to serve such a model: correct the name, or add a match for it`,
      ],
    });
  });

  it('shows five names at most, and these in part', () => {
    const { names, warnings } = listed(`${'n'.repeat(65)} a"b c d e f g`, []);
    expect(names).toEqual([]);
    expect(warnings[0]).toContain(`leave out "${'n'.repeat(64)}…", "a\\"b", "c", "d", "e" and 2 more: no rule`);
  });

  it('leaves out names that are too long, or too many', () => {
    const many = Array.from({ length: 1002 }, (_, index) => `m${index}`);
    const { names, warnings } = listed([...many, 'x'.repeat(256), 'x'.repeat(257)].join(','), [{}]);
    expect(names).toEqual(many.slice(0, 1000));
    expect(warnings).toEqual([
      `${PATH}: model lists leave out "${'x'.repeat(64)}…": a name has at most 256 characters: put commas or spaces between names`,
      `${PATH}: model lists leave out "m1000", "m1001", "${'x'.repeat(64)}…": one route lists at most 1000 models in this way: use several routes, or Exact matches`,
    ]);
    expect(listed('x'.repeat(256), [{}]).names).toEqual(['x'.repeat(256)]);
  });

  it('bounds how many matches of a sort count for a name', () => {
    const [model] = resolveListedModels(
      routeOf(
        'm',
        Array.from({ length: 200 }, () => ({})),
      ),
    ).models;
    expect(model?.servedBy).toHaveLength(128);
  });

  it('tells how to list models behind an expression, unless one of them is listed', () => {
    const rules = [rule(pattern('a.*'), pattern('b.*')), rule(pattern('c.*'))];
    const hint =
      'models matched by a regular expression are served, but do not appear in model lists: name those that shall in the annotation aigateway.envoyproxy.io/models, or add Exact matches for them';
    expect(listed('a1 a2 c1', rules)).toEqual({
      names: ['a1', 'a2', 'c1'],
      warnings: [`spec.rules[0].matches[1].headers[0].type: ${hint}`],
    });
    expect(listed(undefined, rules).warnings).toHaveLength(3);
    expect(listed('', rules).warnings).toHaveLength(3);
  });

  it('tells which expression cannot be compared, and goes on with the others', () => {
    expect(listed('a', [rule(pattern('a(?=b)'), pattern('a+'))])).toEqual({
      names: ['a'],
      warnings: [
        'spec.rules[0].matches[0].headers[0].value: cannot tell which names of the annotation aigateway.envoyproxy.io/models the regular expression matches: it is no regular expression of RE2; add Exact matches for models that shall appear in model lists',
      ],
    });
  });

  it('comes to something else when the annotation changes', () => {
    const route = routeOf('a', [{}]);
    expect(resolveListedModels(route)).toBe(resolveListedModels(route));
    expect(resolveListedModels(routeOf('b', [{}])).models.map(({ name }) => name)).toEqual(['b']);
  });
});
