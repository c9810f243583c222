import type { ServingCertificate } from './serving-certificate.js';

const DAY_MS = 86_400_000;
/** Validity of what the controller issues itself. */
export const CA_VALIDITY_MS = 3650 * DAY_MS;
export const CERTIFICATE_VALIDITY_MS = 90 * DAY_MS;
/** A third of its life before the end, a certificate is replaced. */
const RENEWAL_SHARE = 1 / 3;

/** DNS names under which the API server may call a Service. @see spec controller.md section 18 */
export const serviceDnsNames = (service: string, namespace: string): readonly string[] => [
  service,
  `${service}.${namespace}`,
  `${service}.${namespace}.svc`,
  `${service}.${namespace}.svc.cluster.local`,
];

/** Why a certificate has to be replaced; undefined while it is good. */
export function renewalReason(
  certificate: ServingCertificate | undefined,
  dnsNames: readonly string[],
  now: Date,
): string | undefined {
  if (certificate === undefined) return 'there is none';
  const missing = dnsNames.filter((name) => !certificate.dnsNames.includes(name));
  if (missing.length > 0) return `it is not for ${missing.join(', ')}`;
  return isDue(certificate, now) ? `it ends at ${certificate.notAfter.toISOString()}` : undefined;
}

export const isDue = ({ notBefore, notAfter }: { notBefore: Date; notAfter: Date }, now: Date): boolean =>
  now.getTime() >= notAfter.getTime() - (notAfter.getTime() - notBefore.getTime()) * RENEWAL_SHARE;
