import { X509Certificate } from 'node:crypto';
import { UserFacingError } from '../../../shared/errors.js';
import type { Secret } from '../../../shared/api/gateway-api.js';
import { secretText } from '../../../shared/api/secret-text.js';
import { Redacted } from '../../../shared/secret.js';
import { issueCa, issueServing, type Issued } from './issue.js';
import { isDue, renewalReason } from './renewal.js';
import { readServingCertificate, type ServingCertificate } from './serving-certificate.js';

/** Keys of the Secret. The CA key stays with it, so that the next serving certificate needs no new trust. */
const KEYS = { ca: 'ca.crt', caKey: 'ca.key', certificate: 'tls.crt', key: 'tls.key' } as const;

/** The certificate in the Secret; undefined when the Secret is missing or holds none that can be used. */
export function certificateOfSecret(secret: Secret | undefined): ServingCertificate | undefined {
  if (!secret) return undefined;
  const [certificate, key, ca] = [KEYS.certificate, KEYS.key, KEYS.ca].map((name) => secretText(secret, name));
  if (!certificate || !key || !ca) return undefined;
  try {
    return readServingCertificate({ certificate, key, ca }, `Secret ${secret.metadata.name}`);
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
 * the former one too, because certificates of both are in use for a while.
 */
export async function renewedSecret(
  secret: Secret | undefined,
  names: OwnCertificateNames,
  now: Date,
): Promise<{ readonly secret: Secret; readonly reason: string } | undefined> {
  const reason = renewalReason(certificateOfSecret(secret), names.dnsNames, now);
  const former = secret && caOfSecret(secret);
  const keepsCa = former !== undefined && !isDue(validityOf(former.certificate), now);
  if (reason === undefined && keepsCa) return undefined;
  const ca = keepsCa ? former : await issueCa(`${names.dnsNames[0] ?? ''}-ca`, now);
  const serving = await issueServing(ca, names.dnsNames, now);
  const bundle = ca.certificate + (!keepsCa && former && isLive(former.certificate, now) ? former.certificate : '');
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  return {
    reason: reason ?? 'its CA ends',
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...names.secret, labels: { 'app.kubernetes.io/managed-by': 'envoy-ai-gateway' } },
      type: 'kubernetes.io/tls',
      data: {
        [KEYS.ca]: encoded(bundle),
        [KEYS.caKey]: encoded(ca.key.reveal()),
        [KEYS.certificate]: encoded(serving.certificate),
        [KEYS.key]: encoded(serving.key.reveal()),
      },
    },
  };
}

/** The newest CA of the bundle with its key. */
function caOfSecret(secret: Secret): Issued | undefined {
  const bundle = secretText(secret, KEYS.ca);
  const key = secretText(secret, KEYS.caKey);
  if (!bundle || !key) return undefined;
  try {
    return { certificate: new X509Certificate(bundle).toString(), key: new Redacted(key) };
  } catch {
    return undefined;
  }
}

function validityOf(pem: string): { readonly notBefore: Date; readonly notAfter: Date } {
  const { validFrom, validTo } = new X509Certificate(pem);
  return { notBefore: new Date(validFrom), notAfter: new Date(validTo) };
}

const isLive = (pem: string, now: Date): boolean => validityOf(pem).notAfter > now;
