import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { issueCa, issueServing } from './issue.js';
import type { ServingCertificate } from './serving-certificate.js';
import { WebhookCertificates } from './webhook-certificates.js';

const DAY_MS = 86_400_000;
const SETTINGS = {
  caName: 'ca.crt',
  certName: 'tls.crt',
  keyName: 'tls.key',
  secretName: 'cert',
  serviceName: 'svc',
  namespace: 'ns',
};

/** A cluster as far as certificates see it, and replicas on it. */
class World {
  secret: Secret | undefined;
  trusted = '';
  /** What happened, in order. */
  readonly events: string[] = [];
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  failure: Error | undefined;

  constructor(readonly directory: string) {}

  replica(name: string, isLeader: () => boolean, into: ServingCertificate[] = []): WebhookCertificates {
    return new WebhookCertificates({
      ...SETTINGS,
      directory: this.directory,
      cluster: {
        getSecret: async () => {
          if (this.failure) throw this.failure;
          return this.secret;
        },
        applySecret: async (secret) => {
          this.events.push(`${name} writes`);
          this.secret = secret;
        },
        trust: async (ca) => {
          if (this.trusted !== ca) this.events.push(`${name} trusts`);
          this.trusted = ca;
        },
      },
      isLeader,
      now: () => new Date(this.nowMs),
      logger: pino({ level: 'silent' }),
      onCertificate: (certificate) => {
        this.events.push(`${name} serves`);
        into.push(certificate);
      },
    });
  }
}

async function mount(directory: TemporaryDirectory, now: Date): Promise<{ readonly ca: string }> {
  const ca = await issueCa('mounted', now);
  const { certificate, key } = await issueServing(ca, ['svc.ns.svc'], now);
  writeFileSync(directory.file('ca.crt'), ca.certificate);
  writeFileSync(directory.file('tls.crt'), certificate);
  writeFileSync(directory.file('tls.key'), key.reveal());
  return { ca: ca.certificate };
}

describe('WebhookCertificates', () => {
  let directory: TemporaryDirectory;
  let world: World;

  beforeEach(() => {
    directory = new TemporaryDirectory();
    world = new World(directory.file('.'));
  });

  afterEach(() => {
    directory.remove();
  });

  it('issues, has it trusted, stores it and serves it, in this order, and then does nothing', async () => {
    const leader = world.replica('leader', () => true);
    for (let i = 0; i < 3; i++) await leader.check();
    expect(world.events).toEqual(['leader trusts', 'leader writes', 'leader serves']);
  });

  it('lets a follower serve what the leader wrote, and write nothing', async () => {
    const served: ServingCertificate[] = [];
    const follower = world.replica('follower', () => false, served);
    await follower.check();
    expect(follower.current).toBeUndefined();
    const leader = world.replica('leader', () => true, served);
    await leader.check();
    await follower.check();
    expect(world.events).toEqual(['leader trusts', 'leader writes', 'leader serves', 'follower serves']);
    expect(served[0]!.certificate).toBe(served[1]!.certificate);
  });

  it('renews before the end, without a moment in which what is served is not trusted', async () => {
    const served: ServingCertificate[] = [];
    const [leader, follower] = [world.replica('leader', () => true, served), world.replica('f', () => false)];
    await leader.check();
    await follower.check();
    world.nowMs += 61 * DAY_MS;
    await follower.check();
    await leader.check();
    await follower.check();
    expect(served).toHaveLength(2);
    expect(world.events.slice(4)).toEqual(['leader writes', 'leader serves', 'f serves']);
    expect(served.map(({ ca }) => ca)).toEqual([world.trusted, world.trusted]);
  });

  it('goes on with the work of the former leader', async () => {
    let leads = false;
    const next = world.replica('next', () => leads);
    await world.replica('leader', () => true).check();
    await next.check();
    leads = true;
    world.trusted = 'somebody put something else here';
    await next.check();
    expect(world.events.slice(3)).toEqual(['next serves', 'next trusts']);
    expect(world.trusted).toBe(next.current?.ca);
  });

  it('serves a mounted certificate, without a Secret, and takes it up again when it changes', async () => {
    const served: ServingCertificate[] = [];
    const leader = world.replica('leader', () => true, served);
    const first = await mount(directory, new Date(world.nowMs));
    await leader.check();
    expect(world.trusted).toBe(first.ca);
    const second = await mount(directory, new Date(world.nowMs));
    await leader.check();
    await leader.check();
    expect(world.trusted).toBe(second.ca);
    expect(world.events).toEqual(['leader trusts', 'leader serves', 'leader trusts', 'leader serves']);
    expect(served).toHaveLength(2);
    expect(world.secret).toBeUndefined();
  });

  it('serves a mounted certificate that comes without a CA, and leaves the trust to whoever mounted it', async () => {
    const leader = world.replica('leader', () => true);
    await mount(directory, new Date(world.nowMs));
    rmSync(directory.file('ca.crt'));
    await leader.check();
    expect(leader.current).toMatchObject({ ca: '' });
    expect([world.events, world.trusted]).toEqual([['leader serves'], '']);
  });

  it('keeps what it serves while the mounted files do not belong together', async () => {
    const leader = world.replica('leader', () => true);
    await mount(directory, new Date(world.nowMs));
    await leader.check();
    const before = leader.current;
    writeFileSync(directory.file('tls.key'), 'half a key');
    await leader.check();
    expect(leader.current).toBe(before);
    await mount(directory, new Date(world.nowMs));
    await leader.check();
    expect(leader.current).not.toBe(before);
  });

  it('tries again after the API server failed', async () => {
    const leader = world.replica('leader', () => true);
    world.failure = new Error('503');
    await leader.check();
    expect(leader.current).toBeUndefined();
    world.failure = undefined;
    await leader.check();
    expect(leader.current).toBeDefined();
  });

  it('looks at everything when it starts, and no more after it was stopped', async () => {
    const leader = world.replica('leader', () => true);
    await leader.start();
    expect(leader.current).toBeDefined();
    await leader.stop();
    expect(world.events).toEqual(['leader trusts', 'leader writes', 'leader serves']);
  });
});
