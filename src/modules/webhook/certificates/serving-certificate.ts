import { createPrivateKey, X509Certificate } from 'node:crypto';
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
