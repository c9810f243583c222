import { createPrivateKey, X509Certificate } from 'node:crypto';
import { UserFacingError } from '../../../shared/errors.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { MANAGED_BY } from '../../../shared/api/managed-by.js';
import { secretText } from '../../../shared/api/secret-text.js';
import { Redacted } from '../../../shared/secret.js';
import { issueCa, issueServing } from './issue.js';
import { isDue, renewalReason, type Validity } from './renewal.js';
import { isVouchedFor, readServingCertificate, type ServingCertificate } from './serving-certificate.js';

/** Keys of the Secret. The CA key stays with it, so that the next serving certificate needs no new trust. */
const KEYS = { ca: 'ca.crt', caKey: 'ca.key', certificate: 'tls.crt', key: 'tls.key' } as const;

/** The certificate in the Secret; undefined when the Secret is missing or holds none that its own CA bundle vouches for. */
export function certificateOfSecret(secret: Secret | undefined): ServingCertificate | undefined {
  if (!secret) return undefined;
  const [certificate, key, ca] = [KEYS.certificate, KEYS.key, KEYS.ca].map((name) => secretText(secret, name));
  if (!certificate || !key || !ca) return undefined;
  try {
    const read = readServingCertificate({ certificate, key, ca }, `Secret ${secret.metadata.name}`);
    return isVouchedFor(certificate, ca) ? read : undefined;
  } catch (error) {
    if (error instanceof UserFacingError) return undefined;
    throw error;
  }
}

export interface OwnCertificateNames {
  readonly secret: { readonly namespace: string; readonly name: string };
  readonly dnsNames: readonly string[];
}

/**
 * The Secret as it has to become, or undefined while it is good. A CA that ends is replaced in time, and the bundle then holds
 * the former one too, because certificates of both are in use for a while: replicas look at the Secret now and then.
 *
 * @param servedCa bundle of the certificate that is served now, which need not be that of the Secret: somebody may have deleted it
 */
export async function renewedSecret(
  secret: Secret | undefined,
  names: OwnCertificateNames,
  now: Date,
  servedCa = '',
): Promise<{ readonly secret: Secret; readonly reason: string } | undefined> {
  const reason = renewalReason(certificateOfSecret(secret), names.dnsNames, now);
  const former = secret && caOfSecret(secret);
  const keepsCa = former?.key !== undefined && !isDue(validityOf(former.certificate), now);
  if (reason === undefined && keepsCa) return undefined;
  const ca = keepsCa
    ? { certificate: former.certificate, key: former.key }
    : await issueCa(`${names.dnsNames[0] ?? ''}-ca`, now);
  const serving = await issueServing(ca, names.dnsNames, now);
  const served = firstOf(servedCa)?.toString();
  const inUse = keepsCa ? [] : [former?.certificate, served].filter((pem) => pem !== undefined && isLive(pem, now));
  const bundle = [ca.certificate, ...new Set(inUse)].join('');
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  return {
    reason: reason ?? (former?.key ? 'its CA ends, or begins only later' : 'the key of its CA is missing'),
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...names.secret, labels: MANAGED_BY },
      // The type of a Secret cannot be changed; somebody else may have made this one.
      type: secret?.type ?? 'kubernetes.io/tls',
      data: {
        [KEYS.ca]: encoded(bundle),
        [KEYS.caKey]: encoded(ca.key.reveal()),
        [KEYS.certificate]: encoded(serving.certificate),
        [KEYS.key]: encoded(serving.key.reveal()),
      },
    },
  };
}

interface FormerCa {
  readonly certificate: string;
  /** Undefined when nobody kept it, as in the Secret that a chart of the reference made, or it is that of another CA. */
  readonly key: Redacted<string> | undefined;
}

function caOfSecret(secret: Secret): FormerCa | undefined {
  const ca = firstOf(secretText(secret, KEYS.ca) ?? '');
  if (!ca) return undefined;
  const key = secretText(secret, KEYS.caKey);
  return { certificate: ca.toString(), key: key && isKeyOf(ca, key) ? new Redacted(key) : undefined };
}

/** The newest CA of a bundle. */
function firstOf(bundle: string): X509Certificate | undefined {
  try {
    return bundle === '' ? undefined : new X509Certificate(bundle);
  } catch {
    return undefined;
  }
}

function isKeyOf(ca: X509Certificate, key: string): boolean {
  try {
    return ca.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function validityOf(pem: string): Validity {
  const { validFrom, validTo } = new X509Certificate(pem);
  return { notBefore: new Date(validFrom), notAfter: new Date(validTo) };
}

const isLive = (pem: string, now: Date): boolean => validityOf(pem).notAfter > now;
