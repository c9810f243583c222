import type { ServingCertificate } from './serving-certificate.js';

const DAY_MS = 86_400_000;
/** Validity of what the controller issues itself. */
export const CA_VALIDITY_MS = 3650 * DAY_MS;
export const CERTIFICATE_VALIDITY_MS = 90 * DAY_MS;
/** A third of its life before the end, a certificate is replaced. */
const RENEWAL_SHARE = 1 / 3;

/** The name by which the API server calls a Service, and which the certificate must have. */
export const calledName = (service: string, namespace: string): string => `${service}.${namespace}.svc`;

/** DNS names under which the API server may call a Service. @see spec controller.md section 18 */
export const serviceDnsNames = (service: string, namespace: string): readonly string[] => [
  service,
  `${service}.${namespace}`,
  calledName(service, namespace),
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
  if (!hasBegun(certificate, now)) return `it begins only at ${certificate.notBefore.toISOString()}`;
  return isDue(certificate, now) ? `it ends at ${certificate.notAfter.toISOString()}` : undefined;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Whether it ends soon, or begins only later, as one does that was issued by a clock that was ahead. */
export const isDue = (validity: Validity, now: Date): boolean =>
  !hasBegun(validity, now) ||
  now.getTime() >=
    validity.notAfter.getTime() - (validity.notAfter.getTime() - validity.notBefore.getTime()) * RENEWAL_SHARE;

export const hasBegun = ({ notBefore }: Validity, now: Date): boolean => notBefore.getTime() <= now.getTime();
