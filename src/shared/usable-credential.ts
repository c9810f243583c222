/*
 * What a credential has to be so that it can be sent. The control plane tells in statuses what the data plane refuses, so both
 * ask here.
 */

/** The credential without surrounding white space; undefined when nothing is left or it cannot be a header value (RFC 9110, 5.5). */
export function usableCredential(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  return trimmed !== '' && !CONTROL_CHARACTER.test(trimmed) ? trimmed : undefined;
}

const CONTROL_CHARACTER = /(?!\t)\p{Cc}/u;

/** Whether a text can be the name of a region of AWS: it becomes part of host names and of the scope of signatures. */
export const isAWSRegion = (region: string): boolean => /^[a-z0-9-]+$/.test(region);
