// Refreshes donors/*.json from the published CRDs. Needs Go and, the first time, the network.
// usage: node scripts/crds/cut-donors.mjs      then `npm run generate`, and read the diff
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { format } from 'prettier';
import { DONORS, DONOR_DIRECTORY, DONOR_MODULE, REFERENCE, donorFile } from './donors.mjs';

const schemas = readSchemas(join(moduleDirectory(), DONOR_DIRECTORY));
const cuts = new Map();
for (const [type, [plural, path]] of Object.entries(DONORS)) {
  cuts.set(type, stripped(at(schemas.get(plural), path, plural)));
}
const texts = new Map([...cuts].map(([type, schema]) => [JSON.stringify(schema), type]));
for (const file of readdirSync(new URL('donors/', import.meta.url))) rmSync(new URL(`donors/${file}`, import.meta.url));
for (const [type, schema] of cuts) {
  const text = JSON.stringify(referring(schema, type));
  writeFileSync(donorFile(type), await format(text, { parser: 'json', printWidth: 120 }));
}

/** Where the Go tool keeps the module, downloaded if it is not there yet. */
function moduleDirectory() {
  const { status, stdout, error, stderr } = spawnSync('go', ['mod', 'download', '-json', DONOR_MODULE], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cannot get ${DONOR_MODULE}: ${error?.message ?? stdout + stderr}`);
  return JSON.parse(stdout).Dir;
}

/** Schemas of the storage versions by plural. */
function readSchemas(directory) {
  const files = readdirSync(directory, { recursive: true }).filter((file) => file.endsWith('.yaml'));
  const definitions = files
    .flatMap((file) => parseAllDocuments(readFileSync(join(directory, file), 'utf8')))
    .map((document) => document.toJS())
    .filter((object) => object?.kind === 'CustomResourceDefinition');
  return new Map(
    definitions.map(({ spec }) => [
      spec.names.plural,
      spec.versions.find(({ storage }) => storage).schema.openAPIV3Schema,
    ]),
  );
}

function at(schema, path, plural) {
  const steps = path.replaceAll('[]', '.[]').split('.');
  return steps.reduce((inner, step) => {
    const next = step === '[]' ? inner?.items : inner?.properties?.[step];
    if (next === undefined) throw new Error(`the CRD of ${plural} has no ${path}: nothing at "${step}"`);
    return next;
  }, schema);
}

/** Structure without text: no descriptions, no messages. Names of members are not touched. */
function stripped(schema) {
  const { properties, items, additionalProperties, allOf, ...own } = without('description', schema);
  const rules = own['x-kubernetes-validations']?.map((rule) => without('message', rule));
  return {
    ...own,
    ...once(allOf),
    ...(rules && { 'x-kubernetes-validations': rules }),
    ...(items && { items: stripped(items) }),
    ...(additionalProperties && { additionalProperties: stripped(additionalProperties) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, stripped(each)])),
    }),
  };
}

function without(key, object) {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

/** The generator of the donors repeats the list of an enumeration: `allOf: [{enum}, {enum}]` is one `enum`. */
function once(allOf) {
  if (allOf === undefined) return {};
  const [first, ...others] = allOf;
  const isRepetition = others.every((other) => JSON.stringify(other) === JSON.stringify(first));
  return isRepetition && 'enum' in first ? first : { allOf };
}

/** The schema with `{ $donor }` in place of every part that is a donor itself. */
function referring(schema, type) {
  const other = texts.get(JSON.stringify(schema));
  if (other !== undefined && other !== type) return { [REFERENCE]: other };
  const { items, additionalProperties, properties } = schema;
  return {
    ...schema,
    ...(items && { items: referring(items) }),
    ...(additionalProperties && { additionalProperties: referring(additionalProperties) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, referring(each)])),
    }),
  };
}
