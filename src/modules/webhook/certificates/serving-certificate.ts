import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { UserFacingError } from '../../../shared/errors.js';
import { Redacted } from '../../../shared/secret.js';

/** What a TLS server needs, and what its clients need to trust it; all PEM. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly key: Redacted<string>;
  /** Bundle of CA certificates; empty when nobody knows it. */
  readonly ca: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly dnsNames: readonly string[];
}

/**
 * @param origin where the texts come from, for errors
 * @throws UserFacingError when the texts are no certificate and key that belong together
 */
export function readServingCertificate(
  texts: { readonly certificate: string; readonly key: string; readonly ca: string },
  origin: string,
): ServingCertificate {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(texts.certificate);
  } catch (cause) {
    throw new UserFacingError(`${origin}: the certificate is no PEM certificate`, { cause });
  }
  let matches: boolean;
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(texts.key));
  } catch {
    // The cause could hold parts of the key.
    throw new UserFacingError(`${origin}: the private key is no PEM key`);
  }
  if (!matches) throw new UserFacingError(`${origin}: the private key does not belong to the certificate`);
  try {
    // What follows the certificate may be broken, and keys may be too short.
    createSecureContext({ cert: texts.certificate, key: texts.key });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserFacingError(`${origin}: cannot be served by TLS (${code ?? 'unknown reason'}): issue another one`);
  }
  return {
    certificate: texts.certificate,
    key: new Redacted(texts.key),
    ca: texts.ca,
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
    dnsNames: (leaf.subjectAltName ?? '')
      .split(', ')
      .filter((name) => name.startsWith('DNS:'))
      .map((name) => name.slice('DNS:'.length)),
  };
}

const CERTIFICATE_PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Of a chain; more would be a mistake. */
const CHAIN_MAX = 8;

/**
 * Whether clients that trust the bundle trust the chain (leaf first), by names and signatures; dates are not looked at. False
 * when the bundle is none.
 */
export function isVouchedFor(chain: string, bundle: string): boolean {
  try {
    const [leaf, ...intermediates] = certificatesOf(chain).slice(0, CHAIN_MAX);
    const roots = certificatesOf(bundle);
    const isRoot = (one: X509Certificate) => roots.some((root) => root.fingerprint256 === one.fingerprint256);
    let known = leaf === undefined ? [] : [leaf];
    const reached = new Set<string>();
    while (known.length > 0) {
      if (known.some((one) => isRoot(one) || roots.some((root) => isIssuedBy(one, root)))) return true;
      for (const { fingerprint256 } of known) reached.add(fingerprint256);
      known = intermediates.filter(
        (issuer) => !reached.has(issuer.fingerprint256) && known.some((one) => isIssuedBy(one, issuer)),
      );
    }
    return false;
  } catch {
    return false;
  }
}

const certificatesOf = (pems: string): readonly X509Certificate[] =>
  (pems.match(CERTIFICATE_PEM) ?? []).map((pem) => new X509Certificate(pem));

const isIssuedBy = (one: X509Certificate, issuer: X509Certificate): boolean =>
  one.checkIssued(issuer) && one.verify(issuer.publicKey);
