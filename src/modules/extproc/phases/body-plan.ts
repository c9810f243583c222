import type { StreamedBody } from './response-body.js';

/** What becomes of the body. */
export type BodyPlan =
  /** Not 2xx: the whole body becomes an error of the client's dialect. */
  | { readonly kind: 'error' }
  /** A good answer that goes through or is rewritten chunk by chunk. */
  | { readonly kind: 'stream'; readonly body: StreamedBody }
  /** A good answer that is rewritten as a whole. */
  | { readonly kind: 'whole' };

/** A good status, and yet nothing that a client could be given: 502 with this reason. */
export interface Unusable {
  readonly kind: 'unusable';
  readonly reason: string;
}
