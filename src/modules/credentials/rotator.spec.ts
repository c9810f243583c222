import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually } from '../../../test/harness/eventually.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { Redacted } from '../../shared/secret.js';
import { SYSTEM_TIMING } from '../crd/timing.js';
import { CredentialMetrics } from './credential-metrics.js';
import { ExchangeError, type Exchange, type ExchangedToken, type ExchangeRequest } from './exchange.js';
import { CredentialRotator, type RotationTask } from './rotator.js';

const key = (name: string) => `aigateway.envoyproxy.io/BackendSecurityPolicy/default/${name}`;

const task = (name: string, more: Partial<RotationTask> & { readonly issuer?: string } = {}): RotationTask => ({
  request: {
    kind: 'azure-federated',
    tenantId: 't',
    clientId: name,
    oidc: {
      issuer: more.issuer ?? 'https://issuer.test',
      tokenEndpoint: undefined,
      clientId: name,
      clientSecret: new Redacted('client-secret'),
      scopes: [],
      audience: undefined,
      grantType: 'client_credentials',
    },
  },
  digest: more.digest ?? `digest-of-${name}`,
  urgencyMs: more.urgencyMs ?? 0,
});

const token = (value: string): ExchangedToken => ({
  data: { azureAccessToken: new Redacted(value) },
  expiresAt: new Date(Date.now() + 3_600_000),
});

/** Exchanges that end when the test says so, each by the client id of its request. */
class HeldExchanges {
  readonly started: string[] = [];
  readonly aborted: string[] = [];
  readonly ended: string[] = [];
  readonly #held = new Map<string, PromiseWithResolvers<ExchangedToken>>();

  readonly exchange: Exchange = (request: ExchangeRequest, signal) => {
    const name = 'clientId' in request ? request.clientId : '';
    this.started.push(name);
    signal.addEventListener('abort', () => this.aborted.push(name));
    const held = Promise.withResolvers<ExchangedToken>();
    this.#held.set(name, held);
    return held.promise;
  };

  succeed(name: string, value = `token-of-${name}`): void {
    this.#held.get(name)!.resolve(token(value));
  }

  fail(name: string, error: Error): void {
    this.#held.get(name)!.reject(error);
  }
}

const rotators: CredentialRotator[] = [];

function rotatorOf(held: HeldExchanges, deadlineMs = 60_000): CredentialRotator {
  const metrics = new CredentialMetrics(new MetricsRegistry(), () => 0);
  const parts = { timing: SYSTEM_TIMING, metrics, logger: pino({ level: 'silent' }), limits: { deadlineMs } };
  const rotator = new CredentialRotator({ ...parts, exchange: held.exchange });
  rotator.onEnded((policy) => held.ended.push(policy.slice(policy.lastIndexOf('/') + 1)));
  rotators.push(rotator);
  return rotator;
}

const names = (count: number, prefix = 'p') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Each of an issuer of its own. */
const askAll = (rotator: CredentialRotator, all: readonly string[]) => {
  for (const name of all) rotator.ask(key(name), task(name, { issuer: name }));
};

describe('CredentialRotator', () => {
  afterEach(() => {
    for (const rotator of rotators.splice(0)) rotator.stop();
  });

  it('keeps what an exchange gives and tells that it has ended', async () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    rotator.ask(key('a'), task('a'));
    held.succeed('a');
    await eventually('the exchange to end', () => held.ended.includes('a'));
    const { issued, lastAttempt } = rotator.state(key('a'));
    expect(issued).toMatchObject({ digest: 'digest-of-a', data: { azureAccessToken: 'dG9rZW4tb2YtYQ==' } });
    expect(lastAttempt).toMatchObject({ failures: 0, failure: undefined });
  });

  it('runs one exchange for a policy at a time when it is asked for the same again', () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    for (let times = 0; times < 3; times++) rotator.ask(key('a'), task('a'));
    expect(held.started).toEqual(['a']);
  });

  it('gives an exchange up for one with other inputs, and keeps nothing of it', async () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    rotator.ask(key('a'), task('a'));
    rotator.ask(key('a'), task('a', { digest: 'other' }));
    expect(held.aborted).toEqual(['a']);
    await eventually('the other one to start', () => held.started.length === 2);
    held.succeed('a', 'second');
    await eventually('the other one to end', () => held.ended.length > 0);
    expect(rotator.state(key('a')).issued?.digest).toBe('other');
    expect(held.ended).toEqual(['a']);
  });

  it('counts failures in a row of the same inputs, and keeps the token before', async () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    rotator.ask(key('a'), task('a'));
    held.succeed('a');
    await eventually('the first to end', () => held.ended.length === 1);
    for (const count of [2, 3]) {
      rotator.ask(key('a'), task('a'));
      await eventually('the next to start', () => held.started.length === count);
      held.fail('a', new ExchangeError('refused', 'azure-token', 'invalid_client', 'Check it', 7_000));
      await eventually('the next to end', () => held.ended.length === count);
    }
    const { issued, lastAttempt } = rotator.state(key('a'));
    expect(lastAttempt).toMatchObject({ failures: 2, failure: { code: 'invalid_client', retryAfterMs: 7_000 } });
    expect(issued?.data).toEqual({ azureAccessToken: 'dG9rZW4tb2YtYQ==' });
  });

  it('runs eight at once, the most urgent of those that wait next', async () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    askAll(rotator, names(8));
    rotator.ask(key('later'), task('later', { issuer: 'later', urgencyMs: 2_000 }));
    rotator.ask(key('sooner'), task('sooner', { issuer: 'sooner', urgencyMs: 1_000 }));
    expect(held.started).toEqual(names(8));
    held.succeed('p0');
    await eventually('the next to start', () => held.started.length === 9);
    expect(held.started.at(-1)).toBe('sooner');
  });

  it('leaves room for others when a provider hangs, and gives it one slot from then on', async () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held, 1_200);
    for (const name of names(20, 'hanging')) rotator.ask(key(name), task(name, { issuer: 'hanging' }));
    expect(held.started).toHaveLength(6);
    for (const name of names(10, 'good')) {
      rotator.ask(key(name), task(name, { issuer: 'good' }));
      await eventually(`${name} to start`, () => held.started.includes(name));
      held.succeed(name);
      await eventually(`${name} to end`, () => held.ended.includes(name));
    }
    await eventually(
      'all that hang to be given up',
      () => held.ended.filter((name) => name.startsWith('hanging')).length === 6,
    );
    expect(held.aborted).toHaveLength(6);
    expect(rotator.state(key('hanging0')).lastAttempt?.failure?.code).toBe('timeout');
    await eventually('the next to be tried', () => held.started.includes('hanging6'));
    expect(held.started).not.toContain('hanging7');
  });

  it('drops what it knows of a policy that is gone, and tells nobody', async () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    rotator.ask(key('a'), task('a'));
    rotator.forget(key('a'));
    expect(held.aborted).toEqual(['a']);
    held.succeed('a');
    rotator.ask(key('b'), task('b'));
    held.succeed('b');
    await eventually('the other one to end', () => held.ended.includes('b'));
    expect(held.ended).toEqual(['b']);
    expect(rotator.state(key('a'))).toEqual({ issued: undefined, lastAttempt: undefined });
  });

  it('gives up what is under way when nothing is due any more, without counting a failure', async () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    rotator.ask(key('a'), task('a'));
    rotator.cancel(key('a'));
    rotator.ask(key('a'), task('a'));
    await eventually('another one to start', () => held.started.length === 2);
    expect(held.aborted).toEqual(['a']);
    expect(rotator.state(key('a')).lastAttempt).toBeUndefined();
  });

  it('starts nothing any more when it was stopped', () => {
    const held = new HeldExchanges();
    const rotator = rotatorOf(held);
    rotator.ask(key('a'), task('a'));
    rotator.stop();
    rotator.ask(key('b'), task('b'));
    expect(held.started).toEqual(['a']);
    expect(held.aborted).toEqual(['a']);
  });
});
