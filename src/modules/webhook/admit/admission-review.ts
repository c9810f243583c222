import { UserFacingError } from '../../../shared/errors.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';

/** `admission.k8s.io/v1` AdmissionReview, as far as it is read. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly namespace?: string;
  /** Absent for DELETE. */
  readonly object?: KubeObject;
}

export type JsonPatch = readonly JsonPatchOperation[];

/** RFC 6902; only additions are needed. */
export interface JsonPatchOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly patch?: JsonPatch;
  /** Shown to the user by kubectl; each at most 256 characters. */
  readonly warnings?: readonly string[];
  /** Why it was refused. */
  readonly denial?: { readonly code: number; readonly message: string };
}

const WARNINGS_MAX = 10;
const WARNING_LENGTH_MAX = 256;

/** @throws UserFacingError when the body is no AdmissionReview with a request */
export function parseAdmissionReview(body: string): AdmissionRequest {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch (cause) {
    throw new UserFacingError('the body is no JSON; expected an AdmissionReview of admission.k8s.io/v1', { cause });
  }
  const { apiVersion, request } = (review ?? {}) as { apiVersion?: unknown; request?: Partial<AdmissionRequest> };
  if (apiVersion !== 'admission.k8s.io/v1' || typeof request?.uid !== 'string' || typeof request.operation !== 'string')
    throw new UserFacingError('the body is no AdmissionReview of admission.k8s.io/v1 with a request');
  return request as AdmissionRequest;
}

export function writeAdmissionReview(uid: string, { allowed, patch, warnings = [], denial }: Verdict): string {
  const shown = warnings.slice(0, WARNINGS_MAX).map((text) => text.slice(0, WARNING_LENGTH_MAX));
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(patch && patch.length > 0
        ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
        : {}),
      ...(shown.length > 0 ? { warnings: shown } : {}),
      ...(denial ? { status: { code: denial.code, message: denial.message } } : {}),
    },
  });
}
