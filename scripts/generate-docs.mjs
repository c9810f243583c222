// Writes the parts of the documentation that repeat the code, between `<!-- generated: name -->` and `<!-- /generated -->`,
// and checks what the rest of it says about the tree: links, anchors, paths, names that must be explained.
// usage: node scripts/with-deps.mjs node scripts/generate-docs.mjs [--check]     (--check writes nothing, fails on drift)
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join, posix, relative } from 'node:path';
import { format } from 'prettier';
import { ensureBuild } from './setup/build.mjs';
import { ROOT, node } from './setup/progress.mjs';

const isCheck = process.argv.includes('--check');
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
ensureBuild();
// A kind keeps its compiled validator only; with this in place of the compiler the validator is the schema itself.
registerHooks({
  load: (url, context, next) =>
    url.endsWith('/validation/compile-kind.js')
      ? { format: 'module', shortCircuit: true, source: 'export const compileKind = (schema) => schema;' }
      : next(url, context),
});
const dist = (path) => import(join(ROOT, 'dist', path));
const { MATRIX } = await dist('modules/extproc/translators/matrix.js');
const { buildEndpointTable, PASSED_ENDPOINTS } = await dist('modules/extproc/endpoints/endpoint-table.js');
const { DEFAULT_ENDPOINT_PREFIXES } = await dist('shared/endpoint-prefixes.js');
const { SCHEMA_NAMES } = await dist('shared/filter-config/filter-config.js');
const { COST_VARIABLES } = await dist('shared/cost/cost-variables.js');
const { EXTPROC_FLAGS } = await dist('platform/config/extproc-flags.js');
const { CONTROLLER_FLAGS } = await dist('platform/config/controller-flags.js');
const { RUN_FLAGS } = await dist('modules/standalone/settings/run-settings.js');
const { MODES } = await dist('cli/modes.js');
const { resourceKinds } = await dist('modules/standalone/resources/kinds/kind-table.js');
const { UNSUPPORTED_KINDS } = await dist('modules/standalone/resources/kinds/unsupported-kinds.js');
const names = await dist('shared/headers.js');

// ---- parts ----

const code = (text) => `\`${text}\``;
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const targets = () => [...buildEndpointTable('/', DEFAULT_ENDPOINT_PREFIXES).exact];
const withPrefix = ({ vendor }, path) => posix.join('/', DEFAULT_ENDPOINT_PREFIXES[vendor], path);

function matrix() {
  const rows = targets()
    .filter(([, { kind }]) => kind === 'endpoint')
    .map(([path, { endpoint }]) => [
      code(`POST ${path}`),
      ...SCHEMA_NAMES.map((schema) => (MATRIX[endpoint.name][schema] === undefined ? '–' : '✓')),
    ]);
  const passed = PASSED_ENDPOINTS.flatMap((endpoint) =>
    collections(endpoint).map(({ root, methods, isTree }) => [
      code(`${methods.join(', ')} ${withPrefix(endpoint, root)}${isTree ? '…' : ''}`),
      ...SCHEMA_NAMES.map((schema) => (endpoint.cells[schema] === undefined ? '–' : '✓')),
    ]),
  );
  const lists = targets().filter(([, { kind }]) => kind === 'models');
  const own = lists
    .map(([path, { dialect }]) => `${code(`GET ${path}`)} and ${code(`GET ${path}/<model>`)} (${dialect})`)
    .join(', ');
  return `${table(['Endpoint', ...SCHEMA_NAMES], [...rows, ...passed])}\n\nAnswered by the gateway itself: ${own}.`;
}

/** Paths of a passed endpoint that begin with the same collection, such as `/v1/files`. */
function collections({ paths }) {
  const groups = Object.groupBy(paths, ({ path }) => path.split('/').slice(0, 3).join('/'));
  return Object.values(groups).map((group) => ({
    root: group.map(({ path }) => path).reduce((root, path) => (path.length < root.length ? path : root)),
    methods: [...new Set(group.flatMap(({ methods }) => methods))],
    isTree: group.length > 1,
  }));
}

function keptByProviders() {
  const kept = PASSED_ENDPOINTS.filter(({ isKeptByProvider }) => isKeptByProvider);
  const rows = kept.flatMap((endpoint) =>
    endpoint.paths.map(({ path, methods }) => [
      code(withPrefix(endpoint, path)),
      methods.join(', '),
      Object.keys(endpoint.cells).join(', '),
    ]),
  );
  const aliases = targets().filter(
    ([path, target]) => target.kind === 'passed' && path === target.path.path && target.endpoint.vendor === 'anthropic',
  );
  const also = aliases.map(([path]) => code(`${path}…`)).join(', ');
  return `${table(['Path', 'Methods', 'Schemas'], rows)}\n\nWithout their prefix too: ${also}.`;
}

const flags = (flagTable) =>
  table(
    ['Flag', 'Value', 'Default', 'Meaning'],
    Object.entries(flagTable).map(([name, { type, initial, summary }]) => [
      code(`-${name}`),
      type.placeholder || 'boolean',
      code(type.format(initial)),
      summary,
    ]),
  );

const modes = () =>
  table(
    ['Mode', 'What it does'],
    Object.entries(MODES).map(([name, { summary }]) => [code(`aigw ${name}`), summary]),
  );

function help(mode) {
  const { stdout, status } = spawnSync(node(), ['dist/main.js', mode, '-help'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`\`aigw ${mode} -help\` ended with ${status}`);
  return `\`\`\`text\n${stdout.trimEnd()}\n\`\`\``;
}

const costVariables = () =>
  table(
    ['Variable', 'Type'],
    Object.entries(COST_VARIABLES).map(([name, type]) => [code(name), String(type)]),
  );

/** A reference to another object looks the same everywhere. */
const REFERENCE_MEMBERS = new Set(['group', 'kind', 'name', 'namespace', 'sectionName', 'port']);
const isReference = (properties) =>
  Object.hasOwn(properties, 'name') && Object.keys(properties).length > 1
    ? Object.keys(properties).every((name) => REFERENCE_MEMBERS.has(name))
    : false;

/** `listeners[] { name*, port*, tls { mode (Terminate) } }`; `*`: required, `= x`: default. */
function shape(name, schema, isRequired) {
  const list = schema.type === 'array' ? '[]' : '';
  const inner = schema.items ?? schema;
  const values = inner.enum ? ` (${inner.enum.join(' | ')})` : '';
  const hasDefault = schema.default !== undefined && typeof schema.default !== 'object';
  const standard = hasDefault ? ` = ${schema.default === '' ? '""' : schema.default}` : '';
  return `${name}${list}${isRequired ? '*' : ''}${values}${standard}${COLLAPSED.has(name) ? ' { … }' : block(inner)}`;
}

/** A whole type of Envoy Gateway; its many members are in the CRD. */
const COLLAPSED = new Set(['oidc']);

function block({ properties, required = [] }) {
  if (properties === undefined) return '';
  if (isReference(properties)) return ' { reference }';
  const members = Object.entries(properties).map(([name, inner]) => shape(name, inner, required.includes(name)));
  return ` { ${members.join(', ')} }`;
}

const OBJECT_MEMBERS = new Set(['apiVersion', 'kind', 'metadata', 'status']);

function kindSection(kind) {
  const schema = kind.versions.get(kind.storageVersion).validator();
  const versions = [...kind.versions.keys()].map((version) => code(kind.group ? `${kind.group}/${version}` : version));
  const own = Object.entries(schema.properties).filter(([name]) => !OBJECT_MEMBERS.has(name));
  const members = own.flatMap(([name, inner]) =>
    name === 'spec' && inner.properties !== undefined
      ? Object.entries(inner.properties).map(([member, deeper]) => [
          `spec.${member}`,
          deeper,
          (inner.required ?? []).includes(member),
        ])
      : [[name, inner, false]],
  );
  const notes = [...annotated(schema, '')];
  return [
    `### ${kind.kind}`,
    versions.join(', '),
    members.map(([name, inner, isRequired]) => `- ${code(shape(name, inner, isRequired))}`).join('\n'),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ].join('\n\n');
}

function* annotated(schema, path) {
  for (const [name, instead] of Object.entries(schema['x-standalone-unsupported'] ?? {})) {
    yield `- not supported: ${code(path ? `${path}.${name}` : name)}: ${instead}`;
  }
  if (schema['x-standalone-no-effect']) yield `- without effect: ${code(path)} (a warning says so)`;
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    yield* annotated(inner.items ?? inner, `${path ? `${path}.` : ''}${name}${inner.type === 'array' ? '[]' : ''}`);
  }
}

const unsupportedKinds = () =>
  table(
    ['Kind', 'Instead'],
    Object.entries(UNSUPPORTED_KINDS).map(([key, instead]) => {
      const [group, kind] = key.split('/');
      return [group ? `${code(kind)} (${group})` : code(kind), instead];
    }),
  );

const PARTS = {
  matrix,
  'kept-by-providers': keptByProviders,
  modes,
  'extproc-flags': () => flags(EXTPROC_FLAGS),
  'controller-flags': () => flags(CONTROLLER_FLAGS),
  'run-flags': () => flags(RUN_FLAGS),
  'translate-help': () => help('translate'),
  'healthcheck-help': () => help('healthcheck'),
  'cost-variables': costVariables,
  kinds: () => resourceKinds().map(kindSection).join('\n\n'),
  'unsupported-kinds': unsupportedKinds,
};

const MARKED = /(<!-- generated: ([a-z-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

// ---- checks ----

const problems = new Set();
const problem = (file, text) => problems.add(`${file}: ${text}`);

const withoutFences = (text) => text.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '');
/** GitHub's anchor of a heading. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
const anchorsOf = (text) => {
  const seen = new Map();
  return new Set(
    [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => {
      const anchor = anchorOf(heading);
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
};

function checkLinks(file, text, texts) {
  const prose = withoutFences(text).replaceAll(/`[^`\n]*`/g, '');
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const linked = path === '' ? file : posix.normalize(posix.join(dirname(file), path));
    if (!existsSync(join(ROOT, linked))) problem(file, `the link ${target} leads nowhere`);
    else if (anchor && !anchorsOf(texts.get(linked) ?? read(linked)).has(anchor)) {
      problem(file, `the link ${target} names no heading of ${linked}`);
    }
  }
}

/** Inline code that looks like a path of this repository names one that exists. */
const REPOSITORY_PATH = /`((?:src|test|scripts|docs|helm|examples|proto|changelog|\.ci)\/[\w./-]*)`/g;

function checkPaths(file, text) {
  for (const [, path] of withoutFences(text).matchAll(REPOSITORY_PATH)) {
    if (!existsSync(join(ROOT, path))) problem(file, `${path} does not exist`);
  }
}

const filesBelow = (folder, pattern) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();

const sources = filesBelow('src', /(?<![.]spec)[.]ts$/).map(read);
const inSources = (pattern) => new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name)));

/** Names that a document has to explain, each with the reason why it is wanted. */
function checkNames(texts) {
  const explains = (file, list, what) => {
    for (const name of list) {
      if (!texts.get(file)?.includes(name)) problem(file, `${name} is not explained (${what})`);
    }
  };
  explains('docs/data-path.md', inSources(/'(aigw_[a-z_]+)'/g), 'a details word of a local reply');
  explains('docs/data-path.md', Object.values(names.headers), 'a header of ours');
  explains('docs/data-path.md', Object.values(names.metadataKeys), 'a key of dynamic metadata');
  explains('docs/data-path.md', Object.values(names.internalMetadata), 'a key of xDS metadata');
  const variables = inSources(/\benv\['([A-Z_]+)'\]/g);
  explains('docs/configuration.md', variables, 'an environment variable that src reads');
  const known = inSources(/'(aigw_[a-z_]+)'/g);
  for (const [, word] of texts.get('docs/data-path.md')?.matchAll(/`(aigw_[a-z_]+)`/g) ?? []) {
    if (!known.has(word) && word !== names.internalMetadata.routeName)
      problem('docs/data-path.md', `${word} is in no source file`);
  }
  const others = [filesBelow('scripts', /[.]mjs$/), filesBelow('test', /[.]ts$/), filesBelow('examples', /[.]yaml$/)];
  const programs = [...sources, ...others.flat().map(read)];
  for (const [, name] of texts.get('docs/configuration.md')?.matchAll(/\b(AIGW_[A-Z_]+)\b/g) ?? []) {
    if (!programs.some((text) => text.includes(name))) problem('docs/configuration.md', `nothing reads ${name}`);
  }
  const reasons = 'docs/decisions/0008-dependencies.md';
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
  for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
    if (!texts.get(reasons)?.includes(code(name))) problem(reasons, `the dependency ${name} has no line`);
  }
}

// ---- run ----

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...filesBelow('docs', /[.]md$/),
  ...filesBelow('changelog', /[.]md$/),
];
const style = { ...JSON.parse(read('.prettierrc.json')), parser: 'markdown' };
const texts = new Map();
const stale = [];
const used = new Set();
for (const file of documents) {
  const text = read(file);
  const filled = text.replace(MARKED, (all, begin, name, end) => {
    used.add(name);
    if (!Object.hasOwn(PARTS, name)) {
      problem(file, `there is no generated part "${name}"; there are ${Object.keys(PARTS).join(', ')}`);
      return all;
    }
    return `${begin}\n${PARTS[name]()}\n\n${end}`;
  });
  const wanted = filled === text ? text : await format(filled, style);
  texts.set(file, wanted);
  if (wanted === text) continue;
  stale.push(file);
  if (!isCheck) writeFileSync(join(ROOT, file), wanted);
}
for (const name of Object.keys(PARTS)) {
  if (!used.has(name)) problem('docs', `no document has the part <!-- generated: ${name} -->`);
}
for (const [file, text] of texts) {
  checkLinks(file, text, texts);
  checkPaths(file, text);
}
checkNames(texts);

if (isCheck) {
  for (const file of stale) {
    problem(file, 'a generated part is stale: run `node scripts/with-deps.mjs node scripts/generate-docs.mjs`');
  }
} else {
  for (const file of stale) process.stdout.write(`wrote ${file}\n`);
}
for (const text of problems) process.stderr.write(`error: ${text}\n`);
if (problems.size > 0) process.exitCode = 1;
