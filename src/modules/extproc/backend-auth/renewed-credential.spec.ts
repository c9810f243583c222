import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { RenewedCredential, type Issued } from './renewed-credential.js';
import { withCredential } from './with-credential.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** An issuer that the test answers for, with a clock that it moves. */
class World {
  unixMs = 1_000_000;
  monotonicMs = 0;
  readonly calls: PromiseWithResolvers<Issued<string>>[] = [];
  readonly failures: string[] = [];
  readonly credential = new RenewedCredential<string>({
    what: 'token',
    repair: 'add one',
    issue: () => {
      const call = Promise.withResolvers<Issued<string>>();
      this.calls.push(call);
      return call.promise;
    },
    clock: { unixMs: () => this.unixMs, monotonicMs: () => this.monotonicMs },
    onFailure: (message) => this.failures.push(message),
  });

  pass(ms: number): void {
    this.unixMs += ms;
    this.monotonicMs += ms;
  }

  async issue(value: string, lifeMs: number | undefined): Promise<void> {
    this.calls.at(-1)!.resolve({ value, expiresAtMs: lifeMs === undefined ? undefined : this.unixMs + lifeMs });
    await settle();
  }

  async fail(error: unknown = Object.assign(new Error('S3CRET'), { name: 'Refused' })): Promise<void> {
    this.calls.at(-1)!.reject(error);
    await settle();
  }

  /** Value, or message of the error. */
  async got(): Promise<string> {
    try {
      return await this.credential.get();
    } catch (error) {
      return (error as Error).message;
    }
  }
}

/** Lets everything happen that waits for promises only. */
const settle = () => jest.advanceTimersByTimeAsync(0);

const REFUSED = 'no token: Refused; add one';
const EXPIRED = 'no token: the one that was given has expired already; add one';

describe('RenewedCredential', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('fetches nothing before it is used, and once for all that wait', async () => {
    const world = new World();
    expect(world.calls).toHaveLength(0);
    const waiting = Array.from({ length: 100 }, () => world.got());
    expect(world.calls).toHaveLength(1);
    await world.issue('a', HOUR_MS);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['a']));
    expect(world.credential.get()).toBe('a');
    expect(world.calls).toHaveLength(1);
  });

  it('renews in the background 5 minutes before the end, and nobody waits', async () => {
    const world = new World();
    void world.credential.get();
    await world.issue('a', HOUR_MS);
    world.pass(55 * MINUTE_MS - 1);
    expect(world.credential.get()).toBe('a');
    expect(world.calls).toHaveLength(1);
    world.pass(1);
    expect([world.credential.get(), world.credential.get()]).toEqual(['a', 'a']);
    expect(world.calls).toHaveLength(2);
    await world.issue('b', HOUR_MS);
    expect(world.credential.get()).toBe('b');
  });

  it('renews a credential of short life when a fifth of it is left', async () => {
    const world = new World();
    void world.credential.get();
    await world.issue('a', 50_000);
    world.pass(39_999);
    void world.credential.get();
    expect(world.calls).toHaveLength(1);
    world.pass(1);
    void world.credential.get();
    expect(world.calls).toHaveLength(2);
  });

  it('reads a credential without end again after 5 minutes', async () => {
    const world = new World();
    void world.credential.get();
    await world.issue('a', undefined);
    world.pass(5 * MINUTE_MS);
    expect(world.credential.get()).toBe('a');
    await world.issue('b', undefined);
    expect(world.credential.get()).toBe('b');
  });

  it('asks every 10 s at most while the issuer gives out the same credential again', async () => {
    const world = new World();
    void world.credential.get();
    await world.issue('a', HOUR_MS);
    world.pass(HOUR_MS - 60_000);
    for (let second = 0; second < 50; second++) {
      expect(world.credential.get()).toBe('a');
      world.calls.at(-1)!.resolve({ value: 'a', expiresAtMs: 1_000_000 + HOUR_MS });
      await settle();
      world.pass(1000);
    }
    expect(world.calls.length).toBeLessThanOrEqual(6);
  });

  it('waits for another one when it has expired, at once', async () => {
    const world = new World();
    void world.credential.get();
    await world.issue('a', 5_000);
    world.pass(5_000);
    const waiting = world.credential.get();
    expect(waiting).toBeInstanceOf(Promise);
    await world.issue('b', HOUR_MS);
    expect(await waiting).toBe('b');
  });

  it('keeps a valid one when renewal fails, tells it, and tries again after the back-off', async () => {
    const world = new World();
    void world.credential.get();
    await world.issue('a', HOUR_MS);
    world.pass(HOUR_MS - MINUTE_MS);
    expect(world.credential.get()).toBe('a');
    await world.fail();
    expect(world.failures).toEqual([REFUSED]);
    expect(world.credential.get()).toBe('a');
    expect(world.calls).toHaveLength(2);
    world.pass(1000);
    expect(world.credential.get()).toBe('a');
    expect(world.calls).toHaveLength(3);
    await world.fail();
    world.pass(MINUTE_MS);
    void world.credential.get();
    await world.fail();
    expect(await world.got()).toBe(REFUSED);
  });

  it('backs off 1, 2, 4, 8, 16, then 30 s while it fails, and says the last reason at once meanwhile', async () => {
    const world = new World();
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      void world.got();
      await world.fail();
      let waitedMs = 0;
      for (; world.calls.length === attempt; waitedMs += 1000) {
        expect(await world.got()).toBe(REFUSED);
        world.pass(1000);
        void world.got();
      }
      pauses.push(waitedMs);
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    await world.issue('a', HOUR_MS);
    expect(world.credential.get()).toBe('a');
  });

  it('backs off also when the clock of the machine is set back', async () => {
    const world = new World();
    void world.got();
    await world.fail();
    world.unixMs -= 24 * HOUR_MS;
    world.monotonicMs += 1000;
    void world.got();
    expect(world.calls).toHaveLength(2);
  });

  it.each([
    ['has expired', (nowMs: number) => nowMs],
    ['has no readable end', () => Number.NaN],
  ])('refuses a credential that %s', async (_, endOf) => {
    const world = new World();
    const got = world.got();
    world.calls[0]!.resolve({ value: 'S3CRET', expiresAtMs: endOf(world.unixMs) });
    expect(await got).toBe(EXPIRED);
    expect(world.failures).toEqual([EXPIRED]);
  });

  it('lets requests wait for 8 s, and takes what comes later', async () => {
    const world = new World();
    const early = world.got();
    await jest.advanceTimersByTimeAsync(7000);
    const late = world.got();
    await jest.advanceTimersByTimeAsync(1000);
    const message = 'no token: no answer within 8 s; add one';
    expect(await Promise.all([early, late, world.got()])).toEqual([message, message, message]);
    expect(world.calls).toHaveLength(1);
    await world.issue('a', HOUR_MS);
    expect(world.credential.get()).toBe('a');
    expect(world.failures).toEqual([]);
  });

  it('gives a fetch up after 30 s, and ignores what comes of it then', async () => {
    const world = new World();
    void world.got();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(world.failures).toEqual(['no token: no answer within 30 s; add one']);
    await world.issue('late', HOUR_MS);
    world.pass(1000);
    const got = world.got();
    expect(world.calls).toHaveLength(2);
    await world.issue('b', HOUR_MS);
    expect(await got).toBe('b');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('reports an issuer that throws at once like one that rejects', async () => {
    const credential = new RenewedCredential<string>({
      what: 'token',
      repair: 'add one',
      issue: () => {
        throw new TypeError('S3CRET');
      },
      clock: { unixMs: () => 0, monotonicMs: () => 0 },
    });
    await expect(credential.get()).rejects.toThrow('no token: TypeError; add one');
  });

  it('gives out nothing that has expired, whatever happens', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: HOUR_MS }) }),
      fc.record({ kind: fc.constant('issue' as const), ms: fc.integer({ min: -10, max: 2 * HOUR_MS }) }),
      fc.constant({ kind: 'fail' as const, ms: 0 }),
      fc.constant({ kind: 'get' as const, ms: 0 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = new World();
        let open = 0;
        for (const { kind, ms } of steps) {
          const isOpen = world.calls.length > open;
          if (kind === 'pass') world.pass(ms);
          if (kind === 'issue' && isOpen) {
            open = world.calls.length;
            await world.issue(String(world.unixMs + ms), ms);
          }
          if (kind === 'fail' && isOpen) {
            open = world.calls.length;
            await world.fail();
          }
          const given = world.credential.get();
          if (given instanceof Promise) given.catch(() => undefined);
          // The value tells its own end.
          const endMs = given instanceof Promise ? Number.POSITIVE_INFINITY : Number(given);
          expect(endMs).toBeGreaterThan(world.unixMs);
          expect(world.calls.length - open).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('withCredential', () => {
  const make = (value: string) => ({ kind: 'headers', sets: [{ name: 'authorization', value }] }) as const;

  it('waits only for a credential that has to be fetched', async () => {
    const world = new World();
    const first = withCredential(world.credential, make);
    world.calls[0]!.resolve({ value: 'a', expiresAtMs: undefined });
    expect(await first).toEqual(make('a'));
    expect(withCredential(world.credential, make)).toEqual(make('a'));
  });

  it('says that there is none', async () => {
    const world = new World();
    const outcome = withCredential(world.credential, make);
    world.calls[0]!.reject(new TypeError('S3CRET'));
    expect(await outcome).toEqual({ kind: 'unavailable', message: 'no token: TypeError; add one' });
  });
});
