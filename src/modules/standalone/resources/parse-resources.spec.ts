import { describe, it, expect } from '@jest/globals';
import * as fc from 'fast-check';
import { objectKey } from '../../../shared/api/kube-object.js';
import { parseResources, type ParseOptions } from './parse-resources.js';
import { formatProblem } from './problem.js';

const files: Readonly<Record<string, string>> = { '/home/me/key': 'from-home\n', '/etc/key': 'from-etc' };
const readFile = (path: string) => {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return text;
};

function read(text: string | readonly string[], options: Partial<ParseOptions> = {}) {
  const inputs = [text].flat().map((each, index) => ({ name: `${'abc'[index]}.yaml`, text: each }));
  const set = parseResources(inputs, { env: { HOME: '/home/me' }, lenient: false, readFile, ...options });
  return { ...set, lines: set.problems.map(formatProblem) };
}

const ROUTE = `apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata:
  name: llm
spec:
  parentRefs:
    - name: gateway
  rules:
    - matches: []
    - backendRefs:
        - name: openai
          wieght: 1
`;
const secret = (body: string) => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n${body}`;
const configMap = (name: string, namespace = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${namespace && `  namespace: ${namespace}\n`}data: {k: v}\n`;
const decoded = (object: unknown) =>
  Object.fromEntries(
    Object.entries((object as { data: Record<string, string> }).data).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );

describe('parseResources', () => {
  it('names file, line, object, field and a way out when a field is misspelt', () => {
    expect(read(ROUTE)).toMatchObject({
      objects: [],
      lines: [
        'a.yaml:12: AIGatewayRoute default/llm: spec.rules[1].backendRefs[0].wieght: found an unknown field; expected "name", "namespace", "group", "kind", "modelNameOverride", "headerMutation", "bodyMutation", "weight", "priority"; did you mean "weight"?',
      ],
    });
  });

  it('finds the line of a path, or of its nearest parent', () => {
    const set = read(['', ROUTE]);
    const key = objectKey({ group: 'aigateway.envoyproxy.io', kind: 'AIGatewayRoute' }, 'default', 'llm');
    expect(set.locate(key, 'spec.rules[1].backendRefs[0].name')).toEqual({ file: 'b.yaml', line: 11 });
    expect(set.locate(key, 'spec.rules[1].timeouts.request')).toEqual({ file: 'b.yaml', line: 10 });
    expect(set.locate(key, '')).toEqual({ file: 'b.yaml', line: 1 });
    expect(set.locate('/Secret/default/none', 'data')).toBeUndefined();
  });

  it('keeps the good objects of a file when others are bad', () => {
    const { objects, lines } = read([
      `${configMap('a')}---\nkind: [\n---\n${ROUTE}---\n${configMap('b')}`,
      configMap('c'),
    ]);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(lines).toHaveLength(2);
  });

  it('unfolds lists and reports the place of an item', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: B}\n`;
    const { objects, lines } = read(list);
    expect(objects).toEqual([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } }]);
    expect(lines).toEqual([
      'a.yaml:9: ConfigMap default/B: metadata.name: found "B"; expected lower-case letters, digits, dashes and dots, such as my-name.example',
    ]);
  });

  it('keeps what the cluster adds out of the objects', () => {
    const exported = `apiVersion: v1
kind: ConfigMap
metadata: {name: a, labels: {l: v}, annotations: {x: "1"}, uid: u, resourceVersion: "5", generation: 2, creationTimestamp: 2026-01-01T00:00:00Z, managedFields: [{manager: m}], ownerReferences: [{name: o}], deletionTimestamp: 2026-01-02T00:00:00Z}
status: {phase: x}
`;
    expect(read(exported)).toMatchObject({ lines: [] });
    expect(read(exported).objects).toEqual([
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'a',
          namespace: 'default',
          labels: { l: 'v' },
          annotations: { x: '1' },
          uid: 'u',
          generation: 2,
          creationTimestamp: '2026-01-01T00:00:00Z',
        },
      },
    ]);
  });

  it('refuses a second object of one name and says where the first is', () => {
    const { objects, lines } = read([`${configMap('a')}---\n${configMap('a', 'other')}`, configMap('a', 'default')]);
    expect(objects.map(({ metadata }) => metadata.namespace)).toEqual(['default', 'other']);
    expect(lines).toEqual([
      'b.yaml:1: ConfigMap default/a: found a second definition; the first is at a.yaml:1; expected one; remove or rename one of them',
    ]);
  });

  it('takes objects of one name for two when their kinds or groups differ', () => {
    expect(read(`${configMap('a')}---\n${secret('data: {}\n').replace('name: s', 'name: a')}`).lines).toEqual([]);
  });

  it.each([
    [
      'text',
      'a.yaml:1: found something that is not a Kubernetes object; expected an object with the texts apiVersion and kind',
    ],
    [
      '- a',
      'a.yaml:1: found something that is not a Kubernetes object; expected an object with the texts apiVersion and kind',
    ],
    [
      'kind: A\nmetadata: {}',
      'a.yaml:1: A: apiVersion: found something that is not a Kubernetes object; expected an object with the texts apiVersion and kind',
    ],
    [
      'a: 1\napiVersion: v1',
      'a.yaml:1: kind: found something that is not a Kubernetes object; expected an object with the texts apiVersion and kind',
    ],
    ['apiVersion: v1\nkind: Secret', 'a.yaml:1: Secret: metadata: found nothing; expected an object; add it'],
    [
      'apiVersion: v1\nkind: Secret\nmetadata: {}',
      'a.yaml:3: Secret: metadata.name: found nothing; expected lower-case letters, digits, dashes and dots, such as my-name.example; add it',
    ],
    [
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: A}',
      'a.yaml:3: Secret A/s: metadata.namespace: found "A"; expected lower-case letters, digits and dashes, such as my-name',
    ],
    [
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s, lables: {}}',
      'a.yaml:3: Secret default/s: metadata.lables: found an unknown field; expected "name", "namespace", "labels", "annotations", "creationTimestamp", "generation", "uid", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "managedFields", "ownerReferences" and 2 more; did you mean "labels"?',
    ],
    [
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {a: 1}}',
      'a.yaml:3: Secret default/s: metadata.labels.a: found the number 1; expected text; put it in quotes',
    ],
    [
      'apiVersion: aigateway.envoyproxy.io/v2\nkind: AIGatewayRoute',
      'a.yaml:1: AIGatewayRoute: apiVersion: found "aigateway.envoyproxy.io/v2"; expected one of "aigateway.envoyproxy.io/v1alpha1", "aigateway.envoyproxy.io/v1beta1"; correct it',
    ],
    ['apiVersion: v2\nkind: Secret', 'a.yaml:1: Secret: apiVersion: found "v2"; expected "v1"; correct it'],
  ])('refuses %j', (text, line) => {
    expect(read(text)).toMatchObject({ objects: [], lines: [line] });
  });

  it('warns and drops the namespace when the kind belongs to the cluster', () => {
    const { objects, lines } = read(
      'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c, namespace: n}\nspec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}',
    );
    expect(objects[0]!.metadata).toEqual({ name: 'c' });
    expect(lines).toEqual([
      'a.yaml:3: warning: GatewayClass n/c: metadata.namespace: found a namespace; expected none, since a GatewayClass belongs to all of them; remove it',
    ]);
  });

  it('shows at most twenty problems of one object, errors first', () => {
    const { problems } = read(
      ROUTE.replace('wieght: 1', Array.from({ length: 50 }, (_, index) => `x${index}: 1`).join('\n          ')),
    );
    expect(problems).toHaveLength(21);
    expect(problems[0]!.message).toBe('found 30 more problems in this object than are shown; correct those first');
  });

  it('refuses texts that are too long together', () => {
    const { objects, lines } = read([configMap('a'), ' '.repeat(4 * 1024 * 1024)]);
    expect(objects).toHaveLength(1);
    expect(lines).toEqual([
      'b.yaml:1: found more than 4 MiB of text up to here; expected less; remove what is not configuration',
    ]);
  });

  it('never throws, whatever the text is', () => {
    const words = [
      'apiVersion: v1',
      'kind: Secret',
      'metadata: {name: s}',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '- ',
      '\n',
      '\n  ',
      '---\n',
      '"',
      "'",
      '&a ',
      '*a',
      '<<: ',
      '$V',
      '${V:-x}',
      '#',
      '|',
      '? ',
      '!!int ',
      '\t',
      'data: ',
      'null',
      '1',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), fc.string(), (parts, value) => {
        const set = read(parts.join(''), { env: { V: value } });
        for (const problem of set.problems) expect(problem.line).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('clips names of any length', () => {
    const [problem] = read(
      `apiVersion: v1\nkind: ${'K'.repeat(100_000)}\nmetadata: {name: ${'n'.repeat(100_000)}}`,
    ).problems;
    expect([problem!.object?.length, problem!.message.length]).toEqual([1001, 1001]);
  });

  it('names the variable, not its value, when the value is wrong', () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "${NAME}"}';
    expect(read(text, { env: { NAME: 'Top Secret' } }).lines).toEqual([
      'a.yaml:3: ConfigMap default/Top Secret: metadata.name: found the value of "${NAME}"; expected lower-case letters, digits, dashes and dots, such as my-name.example',
    ]);
  });

  it('survives members with the names of prototypes', () => {
    const { objects, lines } = read(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {__proto__: x, constructor: y}\n__proto__: {spec: 1}',
    );
    expect(objects).toEqual([]);
    expect(lines).toEqual([
      'a.yaml:5: ConfigMap default/a: __proto__: found a field that is not supported in standalone mode; expected "apiVersion", "kind", "metadata", "immutable", "data", "binaryData", "status"; remove it, or run in Kubernetes',
    ]);
  });
});

describe('Secrets', () => {
  it('puts stringData over data, both as base64', () => {
    const { objects } = read(secret('data: {a: b2xk, b: a2VwdA==}\nstringData: {a: new, c: ü}\n'));
    expect(decoded(objects[0])).toEqual({ a: 'new', b: 'kept', c: 'ü' });
    expect(objects[0]).not.toHaveProperty('stringData');
  });

  const annotated = (annotations: string, body = 'stringData: {k: old}') =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n    ${annotations}\n${body}\n`;

  it.each([
    ['a variable', 'substitution.aigw.run/env/k: KEY', 'from: env # "x"\n'],
    ['a file', 'substitution.aigw.run/file/k: /etc/key', 'from-etc'],
    ['a file at home', 'substitution.aigw.run/file/k: ~/key', 'from-home\n'],
  ])('takes a value from %s', (_, annotation, expected) => {
    const { objects, lines } = read(annotated(annotation), { env: { HOME: '/home/me', KEY: 'from: env # "x"\n' } });
    expect(lines).toEqual([]);
    expect(decoded(objects[0])).toEqual({ k: expected });
  });

  it.each([
    [
      'substitution.aigw.run/env/k: NONE',
      'found no value in the variable "NONE"; expected one; set it; the value in the Secret is used',
    ],
    [
      'substitution.aigw.run/env/k: EMPTY',
      'found no value in the variable "EMPTY"; expected one; set it; the value in the Secret is used',
    ],
    [
      'substitution.aigw.run/file/k: ~/none',
      'found no readable file "/home/me/none" (ENOENT); expected one; create it, or correct the path; the value in the Secret is used',
    ],
    [
      'substitution.aigw.run/env/z: KEY',
      'found a source for the key "z", which the Secret does not have; add the key, with any value',
    ],
  ])('warns and keeps the old value when there is nothing behind %s', (annotation, message) => {
    const { objects, lines } = read(annotated(annotation), { env: { HOME: '/home/me', EMPTY: '', KEY: 'x' } });
    expect(decoded(objects[0])).toEqual({ k: 'old' });
    expect(lines).toEqual([
      `a.yaml:6: warning: Secret default/s: metadata.annotations[${JSON.stringify(annotation.split(': ')[0])}]: ${message}`,
    ]);
  });

  it('prefers the variable when there is a file too', () => {
    const { objects, lines } = read(
      annotated('substitution.aigw.run/file/k: /etc/key\n    substitution.aigw.run/env/k: KEY'),
      { env: { KEY: 'v' } },
    );
    expect(decoded(objects[0])).toEqual({ k: 'v' });
    expect(lines).toEqual([
      'a.yaml:6: warning: Secret default/s: metadata.annotations["substitution.aigw.run/file/k"]: found a file and a variable for the key "k"; the variable counts; remove one',
    ]);
  });

  it('fills a key without value and replaces one that is not base64', () => {
    const { objects, lines } = read(annotated('substitution.aigw.run/env/k: KEY', 'data: {k: }'), {
      env: { KEY: 'v' },
    });
    expect([decoded(objects[0]), lines]).toEqual([{ k: 'v' }, []]);
    const placeholder = read(annotated('substitution.aigw.run/env/k: KEY', 'data: {k: "put key here"}'), {
      env: { KEY: 'v' },
    });
    expect([decoded(placeholder.objects[0]), placeholder.lines]).toEqual([{ k: 'v' }, []]);
  });

  it.each([
    [
      'data: {k: "not base64 hunter2"}',
      'data.k: found a value that is not base64; expected base64; encode it, or move it to stringData as it is',
    ],
    ['stringData: {k: 99}', 'stringData.k: found a number; expected text; put it in quotes'],
    ['stringData: {k: {hunter2: x}}', 'stringData.k: found an object; expected text'],
    [
      'stringData: {"a b": hunter2}',
      'stringData["a b"]: found the key "a b"; expected at most 253 letters, digits, dashes, dots and underscores; rename it',
    ],
    ['stringData: [hunter2]', 'stringData: found a list; expected an object; write its fields without "- "'],
    [
      'stringdata: {k: hunter2}',
      'stringdata: found an unknown field; expected "apiVersion", "kind", "metadata", "type", "immutable", "data", "stringData", "status"; did you mean "stringData"?',
    ],
  ])('never shows a value when %s', (body, message) => {
    const { objects, lines } = read(secret(body));
    expect(objects).toEqual([]);
    expect(lines).toEqual([`a.yaml:5: Secret default/s: ${message}`]);
    expect(lines.join()).not.toMatch(/hunter2|99/);
  });
});
