/**
 * Marks whole objects that the reference, under whose names everything else is made, neither makes nor reads nor deletes: one
 * `kubectl delete … -A -l` takes them all away when a cluster is given back (docs/installation.md, "Going back"). It stands on
 * no object that the reference goes on with, such as the Secrets of the filter config, which carry `MANAGED_BY`; and not on
 * pods, whose owners go. Its name says why an object may be deleted, which the name of a maker would not: the product is the
 * only one that knows it. Clusters carry it: it never changes.
 */
export const KNOWN_ONLY_TO_US = { 'aigateway.envoyproxy.io/known-only-to': 'nest-ai-gateway' } as const;
