import type { KubeObject } from './kube-object.js';

const LABEL = 'app.kubernetes.io/managed-by';
const VALUE = 'envoy-ai-gateway';

/**
 * Marks what the control plane makes and no object of its namespace owns. Whoever reads the mark relies on the same pair, and so
 * do clusters that an earlier release has written to: it never changes. @see spec api.md section 11
 */
export const MANAGED_BY = { [LABEL]: VALUE } as const;

/** Selects the objects that carry the mark. */
export const MANAGED_BY_SELECTOR = `${LABEL}=${VALUE}`;

/** Whether an object carries the mark. */
export const isManagedByUs = ({ metadata: { labels } }: Pick<KubeObject, 'metadata'>): boolean =>
  labels?.[LABEL] === VALUE;
