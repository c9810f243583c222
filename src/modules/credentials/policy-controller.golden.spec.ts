import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { checkGolden, goldenCases } from '../../../test/harness/golden.js';
import { PolicyWorld } from '../../../test/harness/policy-world.js';
import type { KubeObject } from '../../shared/api/kube-object.js';
import { nameOfKey } from '../../shared/api/object-key.js';
import { Redacted } from '../../shared/secret.js';
import type { Desired } from '../crd/controller.js';
import { ExchangeError, type Exchange, type ExchangeRequest } from './exchange.js';

const CASES = goldenCases(join(import.meta.dirname, 'testdata'));
const NOW = new Date('2026-05-06T07:08:09Z');
/** Not one byte of these may be in a golden file. */
const PLANTED = /PLANTED|UExBTlRFR/;

/** What the providers of a case do, by client id, or by kind for requests without one. */
type Answers = Readonly<Record<string, { readonly refusal?: ConstructorParameters<typeof ExchangeError> }>>;

function read(text: string): { readonly objects: readonly KubeObject[]; readonly answers: Answers } {
  const documents = parseAllDocuments(text).map((one) => one.toJS() as KubeObject & { answers?: Answers });
  return {
    objects: documents.filter(({ kind }) => kind !== undefined),
    answers: Object.assign({}, ...documents.map(({ answers }) => answers)) as Answers,
  };
}

const TOKEN_KEYS = { aws: 'credentials', azure: 'azureAccessToken', gcp: 'gcpAccessToken' } as const;

const exchangeOf =
  (answers: Answers): Exchange =>
  async (request) => {
    const { refusal } = answers['clientId' in request ? request.clientId : request.kind] ?? {};
    if (refusal) throw new ExchangeError(...refusal);
    const key = TOKEN_KEYS[request.kind.split('-')[0] as keyof typeof TOKEN_KEYS];
    const expiresAt = new Date(NOW.getTime() + 3_600_000);
    return { data: { [key]: new Redacted(`PLANTED token for ${request.kind}`) }, expiresAt };
  };

const plain = (all: readonly Desired[]) =>
  all.map(({ root, objects, conditions, ...rest }) => ({
    root: nameOfKey(root),
    ...rest,
    patches: undefined,
    objects: objects.map((object) => ({ ...object, data: redacted(object) })),
    conditions: [...conditions.values()].flat(),
  }));

const redacted = ({ data = {} }: KubeObject & { data?: Record<string, string> }) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, `${Buffer.from(value, 'base64').length} bytes`]));

const worlds: PolicyWorld[] = [];

function worldOf(objects: Iterable<KubeObject>, answers: Answers): PolicyWorld {
  const world = new PolicyWorld(objects, exchangeOf(answers), NOW);
  worlds.push(world);
  return world;
}

describe('policy controller', () => {
  afterEach(() => {
    for (const { rotator } of worlds.splice(0)) rotator.stop();
  });

  it.each(CASES)('gives the golden output when the world is $name', async ({ inputText, outputPath }) => {
    const { objects, answers } = read(inputText);
    const world = worldOf(objects, answers);
    const first = world.reconcile();
    await world.exchangesEnd();
    const then = world.reconcile();
    const all = { first: plain(first), exchanges: world.asked, afterExchanges: plain(then) };
    const text = stringify(JSON.parse(JSON.stringify(all)), { aliasDuplicateObjects: false, lineWidth: 0 });
    expect(text).not.toMatch(PLANTED);
    checkGolden(outputPath('yaml'), text);
  });

  it.each(CASES)('has nothing new to say or to do when what it wants of $name was written', async ({ inputText }) => {
    const { objects, answers } = read(inputText);
    const world = worldOf(objects, answers);
    const written = await world.settle();
    const again = world.reconcile();
    for (const { root, objects: wanted, conditions, events, deletes } of again) {
      const before = written.find((one) => one.root === root);
      expect({ wanted, conditions }).toEqual({ wanted: before?.objects, conditions: before?.conditions });
      expect([...events, ...deletes]).toEqual([]);
    }
    expect(world.asked.length).toBe(world.woken.length);
  });

  it.each(CASES)('exchanges only what failed when it starts anew in the world of $name', async ({ inputText }) => {
    const { objects, answers } = read(inputText);
    const world = worldOf(objects, answers);
    const written = await world.settle();
    const restarted = worldOf(world.objects, answers);
    const all = restarted.reconcile();
    await restarted.exchangesEnd();
    expect(restarted.asked).toEqual(world.asked.filter((request) => isRefused(request, answers)));
    expect(all.flatMap((one) => one.objects)).toEqual(written.flatMap((one) => one.objects));
  });
});

const isRefused = (request: ExchangeRequest, answers: Answers): boolean =>
  answers['clientId' in request ? request.clientId : request.kind]?.refusal !== undefined;
