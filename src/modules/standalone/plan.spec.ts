import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { serializeFilterConfig } from '../../shared/filter-config/serialize.js';
import { xdsToJson } from '../../shared/xds-json.js';
import { autoconfigure } from './autoconfig/autoconfigure.js';
import { withDemoPorts } from './demo-provider/demo-pair.js';
import { planConfiguration, type Planned } from './plan.js';
import { formatProblem } from './resources/problem.js';
import { parseResources } from './resources/parse-resources.js';

const EXAMPLES = resolve(import.meta.dirname, '../../../examples');
const KEYS = { OPENAI_API_KEY: 'k1', AZURE_OPENAI_API_KEY: 'k2', ANTHROPIC_API_KEY: 'k3' };

function planOf(
  text: string,
  given: { readonly env?: Record<string, string>; readonly isLenient?: boolean; readonly isGenerated?: boolean } = {},
): Planned {
  const { env = KEYS, isLenient = false, isGenerated = false } = given;
  const resources = parseResources([{ name: 'a.yaml', text }], {
    env: withDemoPorts(env, { primary: 1, fallback: 2 }),
    lenient: false,
    readFile: () => '',
  });
  return planConfiguration(resources, {
    name: 'a.yaml',
    isLenient,
    isGenerated,
    version: 'v',
    xdsDirectory: '/xds',
    socketPath: '/uds.sock',
    logHeaderAttributes: new Map(),
    systemCaPath: '/ca.pem',
  });
}
const problemsOf = (planned: Planned): string[] => planned.problems.map(formatProblem);
const quickstart = readFileSync(join(EXAMPLES, 'quickstart.yaml'), 'utf8');

describe('planConfiguration', () => {
  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')))('has no problem with examples/%s', (name) => {
    const planned = planOf(readFileSync(join(EXAMPLES, name), 'utf8'));
    expect(problemsOf(planned)).toEqual([]);
    expect(planned.plan?.summary.routes).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, string, string]>([
    [
      'OpenAI',
      { OPENAI_API_KEY: 'a: "$b', OPENAI_BASE_URL: 'https://openrouter.ai/api/v1' },
      '"prefix":"api/v1"',
      String.raw`{"apiKey":{"key":"a: \"$b"}}`,
    ],
    [
      'Azure',
      { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://me.azure.com', OPENAI_API_VERSION: 'v1' },
      '"version":"v1"',
      '{"azureAPIKey":{"key":"k"}}',
    ],
    ['Anthropic', { ANTHROPIC_API_KEY: 'k' }, '"name":"Anthropic"', '{"anthropicAPIKey":{"key":"k"}}'],
  ])('uses the configuration that is generated for %s', (_, env, schema, auth) => {
    const planned = planOf(autoconfigure(env), { env, isGenerated: true });
    expect(problemsOf(planned)).toEqual([]);
    const filterConfig = serializeFilterConfig(planned.plan!.filterConfig);
    expect(filterConfig).toContain(schema);
    expect(filterConfig).toContain(auth);
  });

  it.each(['https://[::1]:8443/v1', 'https://10.0.0.1', 'http://[::1]:11434/v1'])(
    'is understood when the base URL is %s',
    (url) => {
      const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: url };
      expect(problemsOf(planOf(autoconfigure(env), { env, isGenerated: true }))).toEqual([]);
    },
  );

  it('warns of models that no list has only when somebody wrote the route', () => {
    expect(problemsOf(planOf(autoconfigure({ OPENAI_API_KEY: 'k' })))).toEqual([
      expect.stringMatching(/^a\.yaml:\d+: warning: .*do not appear in model lists/),
    ]);
  });

  it('takes the log levels of the EnvoyProxy', () => {
    expect(planOf(autoconfigure({ OPENAI_API_KEY: 'k' })).plan?.logLevels).toEqual({ default: 'error' });
    expect(planOf(quickstart).plan?.logLevels).toEqual({});
  });

  it('gives the same plan for the same objects', () => {
    const render = () => {
      const { plan } = planOf(quickstart);
      return (
        JSON.stringify([plan!.objects, xdsToJson(plan!.xds), plan!.summary]) + serializeFilterConfig(plan!.filterConfig)
      );
    };
    expect(render()).toBe(render());
  });

  it.each([
    [
      'no Gateway',
      '',
      ['a.yaml:1: there is no Gateway; add one with a listener, and name it in `parentRefs` of the routes'],
    ],
    [
      'two Gateways',
      quickstart.replace(
        '---\n',
        `---\n${quickstart.split('---\n')[1]!.replace('name: quickstart', 'name: zweites')}---\n`,
      ),
      [
        expect.stringMatching(
          /^a\.yaml:\d+: Gateway default\/zweites: multiple gateways are not supported: quickstart; keep one and remove the others$/,
        ),
      ],
    ],
  ])('refuses %s', (_, text, problems) => {
    const planned = planOf(text);
    expect(planned.plan).toBeUndefined();
    expect(problemsOf(planned)).toEqual(problems);
  });

  it('tells no consequences of what could not be read', () => {
    expect(problemsOf(planOf(quickstart.replace('kind: Gateway\nmetadata', 'kind: Gatway\nmetadata')))).toEqual([
      expect.stringMatching(/^a\.yaml:\d+: Gatway quickstart: kind: found "Gatway"/),
    ]);
  });

  it.each<[string, (text: string) => string, string[]]>([
    [
      'a name is misspelt',
      (text) => text.replace('- name: demo-primary\n', '- name: demo-primry\n'),
      [
        'AIGatewayRoute default/demo: spec.rules[0].backendRefs[0]: AIServiceBackend default/demo-primry does not exist: create it, or correct the ref; did you mean "demo-primary"?',
        'warning: AIServiceBackend default/demo-primary: no AIGatewayRoute uses this backend',
      ],
    ],
    [
      'the Gateway is in another namespace',
      (text) => text.replace('kind: Gateway\nmetadata:\n', 'kind: Gateway\nmetadata:\n  namespace: edge\n'),
      [
        'AIGatewayRoute default/demo: spec.parentRefs[0].name: Gateway default/quickstart does not exist: create it, or correct the ref; there is one in namespace "edge"',
      ],
    ],
    [
      'an expression is none',
      (text) =>
        text.replace(
          '              value: demo-chat\n',
          '              type: RegularExpression\n              value: (demo\n',
        ),
      [
        'warning: AIGatewayRoute default/demo: spec.rules[0].matches[0].headers[0].type: models matched by a regular expression are served, but do not appear in model lists: name those that shall in the annotation aigateway.envoyproxy.io/models, or add Exact matches for them',
        'AIGatewayRoute default/demo: spec.rules[0].matches[0].headers[0].value: "(demo" is not a regular expression of RE2: it does not parse',
      ],
    ],
    [
      'a route has no parent',
      (text) => text.replace(/  parentRefs:[^]*?(?=  rules:)/, ''),
      [
        'warning: AIGatewayRoute default/demo: spec.parentRefs: there is no parentRef, so the route serves nowhere: name a Gateway',
      ],
    ],
  ])('tells each cause once, where it was written, when %s', (_, edit, expected) => {
    const text = edit(quickstart);
    expect(text).not.toBe(quickstart);
    expect(problemsOf(planOf(text)).map((line) => line.replace(/^a\.yaml:\d+: /, ''))).toEqual(expected);
  });

  it('tells a credential that is missing once, at its policy', () => {
    const text = readFileSync(join(EXAMPLES, 'openai.yaml'), 'utf8').replace('  apiKey: set', '  key: set');
    const [, ...errors] = problemsOf(planOf(text));
    expect(errors).toEqual([
      expect.stringMatching(
        /BackendSecurityPolicy default\/openai: spec\.apiKey\.secretRef: Secret default\/openai has no key "apiKey": add it$/,
      ),
    ]);
  });

  it('reports a missing backend with its line, as a warning when lenient', () => {
    const text = quickstart.replace('- name: demo-primary\n', '- name: nobody\n');
    const line = text.split('\n').findIndex((one) => one.includes('- name: nobody')) + 1;
    const severities = (isLenient: boolean) =>
      planOf(text, { isLenient })
        .problems.filter((problem) => problem.line === line)
        .map((problem) => problem.severity);
    expect(severities(false)).toContain('error');
    expect(severities(true)).toContain('warning');
    expect(severities(true)).not.toContain('error');
  });
});
