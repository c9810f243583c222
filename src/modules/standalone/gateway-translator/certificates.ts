import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

/** A certificate chain with its key, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

const RSA_BITS_MIN = 2048;

/**
 * What would make Envoy refuse the pair, and with it the whole listener; undefined when nothing does. Never quotes the
 * content. @see Envoy `tls.v3.TlsCertificate`: RSA of at least 2048 bits, or ECDSA
 */
export function keyPairProblem(pair: KeyPair): string | undefined {
  const certificate = parseCertificate(pair.certificate);
  if (!certificate) return 'tls.crt is not a PEM certificate';
  const key = parseKey(pair.privateKey);
  if (!key) return 'tls.key is not an unencrypted PEM private key';
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') {
    return `tls.key is of type ${key.asymmetricKeyType ?? 'unknown'}: use RSA or ECDSA`;
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < RSA_BITS_MIN) return `tls.key has ${bits} bits: use at least ${RSA_BITS_MIN}`;
  return certificate.checkPrivateKey(key) ? undefined : 'tls.key does not belong to tls.crt';
}

/** Whether each PEM block parses and there is at least one. */
export function isCertificateBundle(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every((block) => parseCertificate(block) !== undefined);
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
