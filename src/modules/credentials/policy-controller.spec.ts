import { afterEach, describe, expect, it } from '@jest/globals';
import { PolicyWorld } from '../../../test/harness/policy-world.js';
import type { BackendSecurityPolicy } from '../../shared/api/ai-gateway.js';
import type { ConditionedObject } from '../../shared/api/conditions.js';
import type { Secret } from '../../shared/api/gateway-api.js';
import { kinds } from '../../shared/api/kinds.js';
import { keyOf, objectKey, type KubeObject } from '../../shared/api/kube-object.js';
import { snapshotOf } from '../../shared/api/snapshot.js';
import { Redacted } from '../../shared/secret.js';
import type { Desired } from '../crd/controller.js';
import { AMBIENT, AZURE_IDENTITY_ANNOTATION } from './annotations.js';
import { ExchangeError, type Exchange } from './exchange.js';
import { ATTEMPT_GAP_MS } from './policy/rotation-times.js';

const NOW = new Date('2026-03-29T00:30:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const client = (secret = 'client-secret-1'): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'client', namespace: 'default' },
  stringData: { 'client-secret': secret },
});

const policy = (name = 'p'): BackendSecurityPolicy => ({
  apiVersion: 'aigateway.envoyproxy.io/v1beta1',
  kind: 'BackendSecurityPolicy',
  metadata: { name, namespace: 'default', uid: `uid-of-${name}` },
  spec: {
    type: 'AzureCredentials',
    azureCredentials: { tenantID: 't', clientID: name, clientSecretRef: { name: 'client' } },
  },
});

const ambient: BackendSecurityPolicy = {
  ...policy(),
  metadata: { ...policy().metadata, annotations: { [AZURE_IDENTITY_ANNOTATION]: AMBIENT } },
};

const policyKey = keyOf(policy());
const secretKey = objectKey(kinds.secret, 'default', 'ai-eg-bsp-p');

const worlds: PolicyWorld[] = [];

/** Tokens of an hour, numbered; `exchange` instead of that. */
function worldOf(
  objects: readonly KubeObject[],
  exchange?: Exchange,
  azureAmbientNamespaces?: readonly string[],
): PolicyWorld {
  let count = 0;
  const numbered: Exchange = async () => ({
    data: { azureAccessToken: new Redacted(`token-${++count}`) },
    expiresAt: new Date(world.now.getTime() + HOUR),
  });
  const world = new PolicyWorld(objects, exchange ?? numbered, NOW, azureAmbientNamespaces);
  worlds.push(world);
  return world;
}

const tokenIn = (all: readonly Desired[]) =>
  Buffer.from((all[0]?.objects[0] as Secret | undefined)?.data?.['azureAccessToken'] ?? '', 'base64').toString();

const conditionOf = ([desired]: readonly Desired[], type: string) =>
  desired?.conditions.get(policyKey)?.find((one) => one.type === type);

const refusal = async () => {
  throw new ExchangeError('refused', 'azure-token', 'invalid_client', 'Check it');
};

describe('PolicyController', () => {
  afterEach(() => {
    for (const { rotator } of worlds.splice(0)) rotator.stop();
  });

  it('says that no backend has the credential of a policy without targets', async () => {
    const world = worldOf([policy(), client()]);
    expect(conditionOf(await world.settle(), 'Accepted')?.message).toContain(
      'Warnings: spec.targetRefs: there is no targetRef, so that no backend has this credential: name an AIServiceBackend',
    );
    const targetRefs = [{ group: 'aigateway.envoyproxy.io', kind: 'AIServiceBackend', name: 'b' }];
    world.put({ ...policy(), spec: { ...policy().spec!, targetRefs } } as BackendSecurityPolicy);
    const message = conditionOf(await world.settle(), 'Accepted')?.message;
    expect(message).toContain('AIServiceBackend default/b does not exist');
    expect(message).not.toContain('there is no targetRef');
  });

  it('wants a Secret with the token, byte for byte', async () => {
    const world = worldOf([policy(), client()]);
    expect(tokenIn(await world.settle())).toBe('token-1');
  });

  it('takes the token back when the Secret that it was got with is no longer seen, and nobody can see its grant', async () => {
    const reaching: BackendSecurityPolicy = {
      ...policy(),
      spec: {
        type: 'AzureCredentials',
        azureCredentials: { tenantID: 't', clientID: 'p', clientSecretRef: { name: 'client', namespace: 'team' } },
      },
    };
    const grant: KubeObject = Object.assign(
      {
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        kind: 'ReferenceGrant',
        metadata: { name: 'g', namespace: 'team' },
      },
      {
        spec: {
          from: [{ group: 'aigateway.envoyproxy.io', kind: 'BackendSecurityPolicy', namespace: 'default' }],
          to: [{ group: '', kind: 'Secret' }],
        },
      },
    );
    const world = worldOf([reaching, grant, { ...client(), metadata: { name: 'client', namespace: 'team' } }]);
    expect(tokenIn(await world.settle())).toBe('token-1');
    const seen = world.objects.filter(({ metadata }) => metadata.namespace === 'default');
    const narrowed = world.controller.reconcile([policyKey], snapshotOf(seen, ['default']), world.now);
    expect(narrowed[0]?.deletes).toEqual([secretKey]);
    expect(conditionOf(narrowed, 'ResolvedRefs')).toMatchObject({ status: 'False', reason: 'NamespaceNotWatched' });
    expect(world.asked).toHaveLength(1);
  });

  it('takes the token that it got, not the one that a lagging cache still shows', async () => {
    const world = worldOf([policy(), client()]);
    const former = (await world.settle())[0]!.objects[0]!;
    world.pass(56 * MINUTE);
    world.reconcile();
    await world.exchangesEnd();
    world.put(former);
    expect(tokenIn(world.reconcile())).toBe('token-2');
  });

  it.each([
    { namespaces: ['other', 'default'], asks: true },
    { namespaces: ['*'], asks: true },
    { namespaces: ['other'], asks: false },
    { namespaces: [], asks: false },
  ])('uses the identity of the controller only when its namespace is among $namespaces', ({ namespaces, asks }) => {
    const world = worldOf([ambient], undefined, namespaces);
    const [desired] = world.reconcile();
    expect(world.asked.map(({ kind }) => kind)).toEqual(asks ? ['azure-ambient'] : []);
    const message = conditionOf([desired!], 'Rotated')?.message ?? '';
    for (const part of [AZURE_IDENTITY_ANNOTATION, 'namespace default', '-azureAmbientNamespaces'])
      expect(message.includes(part)).toBe(!asks);
  });

  it('deletes the token when its namespace may no longer use the identity of the controller', async () => {
    const world = worldOf([ambient], undefined, ['default']);
    await world.settle();
    const restarted = worldOf(world.objects, undefined, []);
    expect(restarted.reconcile()[0]).toMatchObject({ objects: [], deletes: [secretKey] });
  });

  it('looks again when the token is to be renewed, and renews it then', async () => {
    const world = worldOf([policy(), client()]);
    const [{ requeueAfterMs = 0 } = {}] = await world.settle();
    expect(requeueAfterMs).toBeGreaterThanOrEqual(45 * MINUTE - 1);
    expect(requeueAfterMs).toBeLessThanOrEqual(55 * MINUTE);
    world.pass(requeueAfterMs - 1_000);
    world.reconcile();
    expect(world.asked).toHaveLength(1);
    world.pass(1_000);
    world.reconcile();
    expect(world.asked).toHaveLength(2);
  });

  it('exchanges anew when the client secret is another one, after a pause', async () => {
    const world = worldOf([policy(), client()]);
    await world.settle();
    world.put(client('client-secret-2'));
    const [desired] = world.reconcile();
    expect(desired?.requeueAfterMs).toBe(ATTEMPT_GAP_MS);
    world.pass(ATTEMPT_GAP_MS);
    expect(tokenIn(await world.settle())).toBe('token-2');
  });

  it('says that a token is being renewed while it is, not when that was due, and tells the new one once', async () => {
    const world = worldOf([policy(), client()]);
    const [{ requeueAfterMs = 0 } = {}] = await world.settle();
    world.pass(requeueAfterMs);
    const due = world.reconcile();
    expect(conditionOf(due, 'Rotated')).toMatchObject({
      status: 'True',
      message: 'The token serves until 2026-03-29T01:30:00Z. It is being renewed.',
    });
    expect(due[0]?.events).toEqual([]);
    world.write(due);
    await world.exchangesEnd();
    const renewed = world.reconcile();
    expect(conditionOf(renewed, 'Rotated')?.message).toMatch(/^The token serves until .*Z\. It is renewed at .*Z\.$/);
    expect(renewed[0]?.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual(['Normal Rotated']);
    world.write(renewed);
    expect(world.reconcile()[0]?.events).toEqual([]);
  });

  it.each([
    ['a token serves', async (world: PolicyWorld) => await world.settle()],
    [
      'the last exchange failed',
      async (world: PolicyWorld) => {
        await world.settle();
        world.put(client('wrong'));
        world.pass(ATTEMPT_GAP_MS);
        expect(conditionOf(await world.settle(), 'Rotated')?.reason).toBe('RotationFailed');
      },
    ],
  ])('says that the credential changed and its token did not follow yet, when %s', async (_, before) => {
    const tokens: Exchange = async (request) => {
      if (request.kind === 'azure-client-secret' && request.clientSecret.reveal() === 'wrong') return await refusal();
      return { data: { azureAccessToken: new Redacted('t') }, expiresAt: new Date(NOW.getTime() + HOUR) };
    };
    const world = worldOf([policy(), client()], tokens);
    await before(world);
    world.put(client('client-secret-2'));
    const changed = world.reconcile();
    expect(conditionOf(changed, 'Rotated')).toMatchObject({
      status: 'Unknown',
      reason: 'Pending',
      message:
        'The policy, or a Secret that it names, has changed: the credential is being exchanged anew. ' +
        'The token before serves until 2026-03-29T01:30:00Z.',
    });
    expect(conditionOf(changed, 'Accepted')?.status).toBe('True');
    expect(changed[0]?.events).toEqual([]);
  });

  it('gives a former policy up while its exchange is under way', async () => {
    const signals: AbortSignal[] = [];
    const world = worldOf([policy(), client()], (_, signal) => {
      signals.push(signal);
      return Promise.withResolvers<never>().promise;
    });
    world.reconcile();
    world.remove(policyKey);
    const [desired] = world.reconcileOnly([policyKey]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(desired).toMatchObject({ objects: [], deletes: [] });
  });

  it('is woken by the Secret of a policy that is gone, and deletes it', async () => {
    const world = worldOf([policy(), client()]);
    await world.settle();
    world.remove(policyKey);
    const left = world.objects.find((object) => keyOf(object) === secretKey)!;
    const roots = [...world.controller.triggers({ type: kinds.secret, before: left, after: left })];
    expect(roots).toEqual([policyKey]);
    expect(world.reconcileOnly(roots)[0]?.deletes).toEqual([secretKey]);
  });

  it('says that a policy is not accepted when its token ends without another', async () => {
    let isDown = false;
    const world = worldOf([policy(), client()], async () => {
      if (isDown) return await refusal();
      return { data: { azureAccessToken: new Redacted('t') }, expiresAt: new Date(NOW.getTime() + HOUR) };
    });
    await world.settle();
    isDown = true;
    world.pass(56 * MINUTE);
    const renewing = await world.settle();
    expect(conditionOf(renewing, 'Accepted')?.status).toBe('True');
    expect(conditionOf(renewing, 'Rotated')?.reason).toBe('RotationFailed');
    world.pass(3 * MINUTE);
    const late = await world.settle();
    expect(late[0]?.requeueAfterMs).toBeLessThanOrEqual(MINUTE);
    world.pass(MINUTE);
    const ended = await world.settle();
    expect(conditionOf(ended, 'NotAccepted')?.message).toContain('the token ended at 2026-03-29T01:30:00Z');
    const policyNow = world.objects.find((object) => keyOf(object) === policyKey) as ConditionedObject;
    expect(policyNow.status?.conditions?.map(({ type }) => type)).toEqual(['ResolvedRefs', 'Rotated', 'NotAccepted']);
  });
});

describe('PolicyController, when clocks are set', () => {
  afterEach(() => {
    for (const { rotator } of worlds.splice(0)) rotator.stop();
  });

  it('wakes what is overdue when the clock went forward, and nothing else', async () => {
    const world = worldOf([policy(), client()]);
    await world.settle();
    world.pass(ATTEMPT_GAP_MS);
    const before = world.woken.length;
    world.controller.sweep();
    expect(world.woken).toHaveLength(before);
    world.setClock(57 * MINUTE);
    world.controller.sweep();
    expect(world.woken.slice(before)).toEqual([policyKey]);
    world.reconcile();
    expect(world.asked).toHaveLength(2);
  });

  it('renews a token in its true time when the clock was set back by a day', async () => {
    const world = worldOf([policy(), client()]);
    await world.settle();
    world.pass(10 * MINUTE);
    world.setClock(-24 * HOUR);
    const [desired] = world.reconcile();
    expect(desired?.requeueAfterMs).toBeLessThanOrEqual(45 * MINUTE);
    world.pass(46 * MINUTE);
    world.reconcile();
    expect(world.asked).toHaveLength(2);
  });

  it('takes a token of after that by the clock as it is now', async () => {
    const world = worldOf([policy(), client()]);
    await world.settle();
    world.setClock(-24 * HOUR);
    world.pass(56 * MINUTE);
    const [renewed] = await world.settle();
    expect(renewed?.requeueAfterMs).toBeGreaterThan(44 * MINUTE);
  });
});

describe('PolicyController with 2,000 policies', () => {
  afterEach(() => {
    for (const { rotator } of worlds.splice(0)) rotator.stop();
  });

  it('makes eight exchanges at once at most, and spreads the renewals of tokens that end together', async () => {
    const policies = Array.from({ length: 2_000 }, (_, index) => policy(`p${index}`));
    let [running, most] = [0, 0];
    const world = worldOf([...policies, client()], async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return { data: { azureAccessToken: new Redacted('t') }, expiresAt: new Date(NOW.getTime() + HOUR) };
    });
    world.write(world.reconcile());
    await worldEnds(world, 2_000);
    const waits = world.reconcile().map(({ requeueAfterMs = 0 }) => requeueAfterMs);
    expect(most).toBeLessThanOrEqual(8);
    expect(new Set(waits.map((wait) => Math.floor(wait / MINUTE))).size).toBe(10);
    expect(world.asked).toHaveLength(2_000);
  });
});

/** One exchange follows the other, so that the first end long before the last begin. */
async function worldEnds(world: PolicyWorld, count: number): Promise<void> {
  while (world.woken.length < count) await new Promise((resolve) => setImmediate(resolve));
}
