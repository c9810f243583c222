import { describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { secretText } from '../../../shared/api/secret-text.js';
import { certificateOfSecret, renewedSecret } from './own-certificate.js';
import { serviceDnsNames } from './renewal.js';

const DAY_MS = 86_400_000;
const START = new Date('2026-01-01T00:00:00Z');
const NAMES = { secret: { namespace: 'ns', name: 'cert' }, dnsNames: serviceDnsNames('svc', 'ns') };
const after = (days: number) => new Date(START.getTime() + days * DAY_MS);

async function issued(secret: Secret | undefined, now: Date, names = NAMES): Promise<Secret> {
  const renewed = await renewedSecret(secret, names, now);
  if (!renewed) throw new Error('nothing was issued');
  return renewed.secret;
}

const replaced = (secret: Secret, entries: Readonly<Record<string, string>>): Secret => {
  const encoded = Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return { ...secret, data: { ...secret.data, ...Object.fromEntries(encoded) } };
};
const leafOf = (secret: Secret) => new X509Certificate(secretText(secret, 'tls.crt') ?? '');
const casOf = (secret: Secret) =>
  ((secretText(secret, 'ca.crt') ?? '').match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );

describe('renewedSecret', () => {
  it('issues a CA and a serving certificate of it for the names of the Service when there is none', async () => {
    const secret = await issued(undefined, START);
    const [ca, ...more] = casOf(secret);
    const leaf = leafOf(secret);
    expect(more).toEqual([]);
    expect(ca!.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(ca!) && leaf.verify(ca!.publicKey)).toBe(true);
    for (const name of ['svc', 'svc.ns', 'svc.ns.svc', 'svc.ns.svc.cluster.local'])
      expect(leaf.checkHost(name)).toBe(name);
    expect(new Date(leaf.validTo)).toEqual(after(90));
    expect(new Date(ca!.validTo)).toEqual(after(3650));
    expect(secret.metadata).toMatchObject({ namespace: 'ns', name: 'cert' });
    expect(certificateOfSecret(secret)?.notAfter).toEqual(after(90));
  });

  it('wants nothing while the certificate has a third of its life before it', async () => {
    const secret = await issued(undefined, START);
    expect(await renewedSecret(secret, NAMES, after(59))).toBeUndefined();
  });

  it('replaces a certificate, and a CA, that were issued by a clock that was ahead', async () => {
    const ahead = await issued(undefined, after(365));
    const mended = await renewedSecret(ahead, NAMES, START);
    expect(mended?.reason).toMatch(/^it begins only at 2026-12-31T23:00:00\.000Z/);
    for (const certificate of [leafOf(mended!.secret), casOf(mended!.secret)[0]!])
      expect(new Date(certificate.validFrom).getTime()).toBeLessThanOrEqual(START.getTime());
    expect(await renewedSecret(mended!.secret, NAMES, START)).toBeUndefined();
  });

  it('takes clocks that differ by minutes as they are', async () => {
    const secret = await issued(undefined, new Date(START.getTime() + 50 * 60_000));
    expect(await renewedSecret(secret, NAMES, START)).toBeUndefined();
  });

  it('renews the serving certificate with the same CA in time', async () => {
    const secret = await issued(undefined, START);
    const renewed = await issued(secret, after(61));
    expect(casOf(renewed).map(({ fingerprint256 }) => fingerprint256)).toEqual(
      casOf(secret).map(({ fingerprint256 }) => fingerprint256),
    );
    expect(new Date(leafOf(renewed).validTo)).toEqual(after(151));
    expect(leafOf(renewed).verify(casOf(secret)[0]!.publicKey)).toBe(true);
  });

  it('goes on trusting the former CA when the CA itself is replaced', async () => {
    const secret = await issued(undefined, START);
    const rolled = await issued(secret, after(2_500));
    const [fresh, former, ...more] = casOf(rolled);
    expect(more).toEqual([]);
    expect(former!.fingerprint256).toBe(casOf(secret)[0]!.fingerprint256);
    expect(leafOf(rolled).verify(fresh!.publicKey)).toBe(true);
    // Replicas that still serve the former certificate are trusted by the new bundle.
    expect(leafOf(secret).checkIssued(former!)).toBe(true);
    const next = await issued(rolled, after(2_561));
    expect(casOf(next).map(({ fingerprint256 }) => fingerprint256)).toEqual([fresh!.fingerprint256]);
  });

  it('goes on trusting the CA of what is served when the Secret was deleted', async () => {
    const served = await issued(undefined, START);
    const again = await renewedSecret(undefined, NAMES, after(1), secretText(served, 'ca.crt'));
    const [fresh, former, ...more] = casOf(again!.secret);
    expect(more).toEqual([]);
    expect(leafOf(again!.secret).verify(fresh!.publicKey)).toBe(true);
    expect(former!.fingerprint256).toBe(casOf(served)[0]!.fingerprint256);
  });

  it('no longer trusts a former CA that has ended', async () => {
    const secret = await issued(undefined, START);
    expect(casOf(await issued(secret, after(3_651)))).toHaveLength(1);
  });

  it('issues another one when the Service has another name', async () => {
    const secret = await issued(undefined, START);
    const names = { ...NAMES, dnsNames: serviceDnsNames('other', 'ns') };
    const renewed = await renewedSecret(secret, names, after(1));
    expect(renewed?.reason).toMatch(/^it is not for other, other\.ns/);
    expect(leafOf(renewed!.secret).checkHost('other.ns.svc')).toBe('other.ns.svc');
  });

  it.each([
    ['no certificate', { 'tls.crt': '' }],
    ['a certificate that is none', { 'tls.crt': 'x' }],
    ['a key that is none', { 'tls.key': 'x' }],
    ['a CA that is none', { 'ca.crt': 'x' }],
    ['a CA with a broken body', { 'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
  ])('mends a Secret with %s', async (_, entries) => {
    const bad = replaced(await issued(undefined, START), entries);
    expect(certificateOfSecret(bad)).toBeUndefined();
    const mended = await issued(bad, after(1));
    expect(certificateOfSecret(mended)).toBeDefined();
    expect(await renewedSecret(mended, NAMES, after(1))).toBeUndefined();
  });

  it('mends a Secret whose parts come from two issues', async () => {
    const [one, two] = [await issued(undefined, START), await issued(undefined, START)];
    const text = (secret: Secret, key: string) => secretText(secret, key) ?? '';
    const mixed = [
      replaced(one, { 'tls.key': text(two, 'tls.key') }),
      replaced(one, { 'ca.crt': text(two, 'ca.crt'), 'ca.key': text(two, 'ca.key') }),
      replaced(one, {
        'tls.crt': text(two, 'tls.crt'),
        'tls.key': text(two, 'tls.key'),
        'ca.key': text(two, 'ca.key'),
      }),
    ];
    for (const bad of mixed) {
      expect(certificateOfSecret(bad)).toBeUndefined();
      expect(certificateOfSecret(await issued(bad, after(1)))).toBeDefined();
    }
  });

  it('replaces a CA whose key nobody kept, and goes on trusting it', async () => {
    const secret = await issued(undefined, START);
    const { ['ca.key']: _, ...data } = secret.data ?? {};
    const renewed = await renewedSecret({ ...secret, data }, NAMES, after(1));
    expect(renewed?.reason).toBe('the key of its CA is missing');
    expect(casOf(renewed!.secret).map(({ fingerprint256 }) => fingerprint256)).toEqual([
      expect.any(String),
      casOf(secret)[0]!.fingerprint256,
    ]);
    expect(await renewedSecret(renewed!.secret, NAMES, after(1))).toBeUndefined();
  });

  it('never shows a key when what it gives is printed', async () => {
    const certificate = certificateOfSecret(await issued(undefined, START));
    expect(JSON.stringify(certificate)).not.toContain('PRIVATE KEY');
  });
});
