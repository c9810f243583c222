import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { Redacted } from '../../../shared/secret.js';
import { CA_VALIDITY_MS, CERTIFICATE_VALIDITY_MS } from './renewal.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Clocks of the API server and ours may differ. */
const BACKDATE_MS = 3_600_000;

/** A certificate and its key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: Redacted<string>;
}

/** A CA of our own. */
export async function issueCa(commonName: string, now: Date): Promise<Issued> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [commonName] }],
    ...validity(now, CA_VALIDITY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate: pemOf(certificate), key: await exportKey(keys.privateKey) };
}

/** A serving certificate for the names, signed by the CA. */
export async function issueServing(ca: Issued, dnsNames: readonly string[], now: Date): Promise<Issued> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [dnsNames.at(-1) ?? ''] }],
    issuer: new X509Certificate(ca.certificate).subjectName,
    ...validity(now, CERTIFICATE_VALIDITY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importKey(ca.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
    ],
  });
  return { certificate: pemOf(certificate), key: await exportKey(keys.privateKey) };
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const newSerial = () =>
  Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)))
    .toString('hex')
    .replace(/^[89a-f]/, '7');

const validity = (now: Date, lengthMs: number) => ({
  notBefore: new Date(now.getTime() - BACKDATE_MS),
  notAfter: new Date(now.getTime() + lengthMs),
});

/** With the line breaks that OpenSSL and Kubernetes write. */
const pemOf = (certificate: X509Certificate): string =>
  new NodeCertificate(Buffer.from(certificate.rawData)).toString();

async function exportKey(key: webcrypto.CryptoKey): Promise<Redacted<string>> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  const imported = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  return new Redacted(imported.export({ format: 'pem', type: 'pkcs8' }).toString());
}

function importKey(key: Redacted<string>): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(key.reveal()).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}
