import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { appendFileSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { BasicConstraintsExtension, X509Certificate, X509CertificateGenerator } from '@peculiar/x509';
import { pino } from 'pino';
import { TemporaryDirectory } from '../../../../test/harness/temporary-directory.js';
import { Redacted } from '../../../shared/secret.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { issueCa, issueServing } from './issue.js';
import { renewedSecret } from './own-certificate.js';
import { serviceDnsNames } from './renewal.js';
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

async function mount(
  directory: TemporaryDirectory,
  now: Date,
  dnsName = 'svc.ns.svc',
): Promise<{ readonly ca: string }> {
  const ca = await issueCa('mounted', now);
  const { certificate, key } = await issueServing(ca, [dnsName], now);
  writeFileSync(directory.file('ca.crt'), ca.certificate);
  writeFileSync(directory.file('tls.crt'), certificate);
  writeFileSync(directory.file('tls.key'), key.reveal());
  return { ca: ca.certificate };
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Root, intermediate and leaf, as files of a Secret: the chain without its root in `tls.crt`. */
async function intermediateChain(dnsNames: readonly string[], now: Date): Promise<Readonly<Record<string, string>>> {
  const root = await issueCa('root', now);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const rootKey = createPrivateKey(root.key.reveal()).export({ format: 'der', type: 'pkcs8' });
  const made = await X509CertificateGenerator.create({
    serialNumber: '02',
    subject: [{ CN: ['intermediate'] }],
    issuer: new X509Certificate(root.certificate).subjectName,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', rootKey, ALGORITHM, false, ['sign']),
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' });
  const intermediate = `${made.toString('pem')}\n`;
  const leaf = await issueServing({ certificate: intermediate, key: new Redacted(key.toString()) }, dnsNames, now);
  return { 'ca.crt': root.certificate, 'tls.crt': `${leaf.certificate}${intermediate}`, 'tls.key': leaf.key.reveal() };
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

  it.each([
    ['none', undefined],
    ['one that has expired', -100 * DAY_MS],
    ['one that begins only later', 2 * DAY_MS],
  ])('issues one although another leads, when that one leaves the Secret with %s', async (_, offsetMs) => {
    if (offsetMs !== undefined) {
      const issued = await renewedSecret(
        undefined,
        { secret: { namespace: 'ns', name: 'cert' }, dnsNames: serviceDnsNames('svc', 'ns') },
        new Date(world.nowMs + offsetMs),
      );
      world.secret = issued?.secret;
    }
    const follower = world.replica('follower', () => false);
    await follower.check();
    world.nowMs += 29_000;
    await follower.check();
    expect(world.events.filter((event) => event !== 'follower serves')).toEqual([]);
    expect(follower.problem()).toBeDefined();
    world.nowMs += 1_000;
    for (let i = 0; i < 3; i++) await follower.check();
    expect(world.events.slice(-3)).toEqual(['follower trusts', 'follower writes', 'follower serves']);
    expect(follower.problem()).toBeUndefined();
  });

  it('counts anew how long there was none', async () => {
    const [follower, leader] = [world.replica('follower', () => false), world.replica('leader', () => true)];
    await follower.check();
    world.nowMs += 20_000;
    await leader.check();
    await follower.check();
    world.secret = undefined;
    await follower.check();
    world.nowMs += 20_000;
    await follower.check();
    expect(world.events).toEqual(['leader trusts', 'leader writes', 'leader serves', 'follower serves']);
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

  it.each<[string, (files: TemporaryDirectory, now: Date) => Promise<void>]>([
    [
      'is for another Service',
      async (files, now) => {
        await mount(files, now, 'other.ns.svc');
      },
    ],
    [
      'is not vouched for by the mounted CA, as while the files change',
      async (files, now) => {
        await mount(files, now);
        writeFileSync(files.file('ca.crt'), (await issueCa('another', now)).certificate);
      },
    ],
    [
      'is followed by something that no TLS server takes',
      async (files, now) => {
        await mount(files, now);
        rmSync(files.file('ca.crt'));
        appendFileSync(files.file('tls.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      },
    ],
    [
      'comes with a CA that is none',
      async (files, now) => {
        await mount(files, now);
        writeFileSync(files.file('ca.crt'), 'nothing');
      },
    ],
  ])('keeps what it serves, and what is trusted, while a mounted certificate %s', async (_, change) => {
    const leader = world.replica('leader', () => true);
    const { ca } = await mount(directory, new Date(world.nowMs));
    await leader.check();
    const before = leader.current;
    await change(directory, new Date(world.nowMs));
    await leader.check();
    expect([leader.current, world.trusted]).toEqual([before, ca]);
    await mount(directory, new Date(world.nowMs));
    await leader.check();
    expect(leader.current).not.toBe(before);
  });

  it('serves what is mounted when there is nothing better, and says what is wrong with it', async () => {
    const leader = world.replica('leader', () => true);
    expect(leader.problem()).toBe('there is no serving certificate yet');
    await mount(directory, new Date(world.nowMs), 'other.ns.svc');
    await leader.check();
    expect(leader.current).toBeDefined();
    expect(leader.problem()).toMatch(/tls\.crt: is for other\.ns\.svc; expected one for svc\.ns\.svc$/);
    await mount(directory, new Date(world.nowMs));
    await leader.check();
    expect(leader.problem()).toBeUndefined();
    world.nowMs += 91 * DAY_MS;
    expect(leader.problem()).toBe('the serving certificate has expired');
    world.nowMs -= 92 * DAY_MS;
    expect(leader.problem()).toBe('the serving certificate is not valid yet');
  });

  it.each(['svc.ns.svc', '*.ns.svc'])('serves a mounted certificate for %s', async (name) => {
    const leader = world.replica('leader', () => true);
    await mount(directory, new Date(world.nowMs), name);
    await leader.check();
    expect(leader.current).toBeDefined();
  });

  it('serves a mounted certificate of an intermediate CA that comes with it', async () => {
    const leader = world.replica('leader', () => true);
    const chain = await intermediateChain(['svc.ns.svc'], new Date(world.nowMs));
    for (const [name, text] of Object.entries(chain)) writeFileSync(directory.file(name), text);
    await leader.check();
    expect([world.trusted, leader.current?.certificate]).toEqual([chain['ca.crt'], chain['tls.crt']]);
  });

  it('serves a mounted certificate that vouches for itself, as of a self-signed Issuer', async () => {
    const leader = world.replica('leader', () => true);
    await mount(directory, new Date(world.nowMs));
    copyFileSync(directory.file('tls.crt'), directory.file('ca.crt'));
    await leader.check();
    expect(leader.current?.ca).toBe(leader.current?.certificate);
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
