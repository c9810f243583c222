import { UserFacingError } from '../../../shared/errors.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';

/** `admission.k8s.io/v1` AdmissionReview, as far as it is read. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly namespace?: string;
  /** Absent for DELETE. */
  readonly object?: KubeObject;
  /** As it was before an UPDATE or DELETE. */
  readonly oldObject?: KubeObject;
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

const EXPECTED = 'expected an AdmissionReview of admission.k8s.io/v1';

/** @throws UserFacingError when the body is no AdmissionReview with a request, or its objects are none */
export function parseAdmissionReview(body: string): AdmissionRequest {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch (cause) {
    throw new UserFacingError(`the body is no JSON; ${EXPECTED}`, { cause });
  }
  if (!isRecord(review) || review['apiVersion'] !== 'admission.k8s.io/v1' || !isRecord(review['request']))
    throw new UserFacingError(`the body is something else; ${EXPECTED} with a request`);
  const { uid, operation, namespace } = review['request'];
  if (typeof uid !== 'string' || typeof operation !== 'string')
    throw new UserFacingError(`the request has no uid or no operation; ${EXPECTED}`);
  const object = objectMember(review['request'], 'object');
  const oldObject = objectMember(review['request'], 'oldObject');
  return {
    uid,
    operation,
    ...(typeof namespace === 'string' && { namespace }),
    ...(object && { object }),
    ...(oldObject && { oldObject }),
  };
}

function objectMember(request: Readonly<Record<string, unknown>>, name: string): KubeObject | undefined {
  const value = request[name];
  if (value === undefined || value === null) return undefined;
  if (!isKubeObject(value)) throw new UserFacingError(`request.${name} is no Kubernetes object; ${EXPECTED}`);
  return value;
}

/** The API server has checked the object against its schema, but a pod that is to be named has only `generateName`. */
const isKubeObject = (value: unknown): value is KubeObject =>
  isRecord(value) &&
  typeof value['apiVersion'] === 'string' &&
  typeof value['kind'] === 'string' &&
  isRecord(value['metadata']);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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
