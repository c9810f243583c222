import type { KubeObject } from '../../../shared/api/kube-object.js';
import { hostInName } from './hostname.js';

/** Names as Envoy Gateway writes them, which the extension-server edits read. @see spec extension-server.md section 4 */
export const listenerName = (gateway: KubeObject, listener: string): string =>
  `${gateway.metadata.namespace ?? ''}/${gateway.metadata.name}/${listener}`;

export const virtualHostName = (listener: string, host: string): string => `${listener}/${hostInName(host)}`;

export const clusterName = (httpRoute: KubeObject, rule: number): string =>
  `httproute/${httpRoute.metadata.namespace ?? ''}/${httpRoute.metadata.name}/rule/${rule}`;

/** `match` is -1 for a rule without matches. */
export const routeName = (httpRoute: KubeObject, rule: number, match: number, host: string): string =>
  `${clusterName(httpRoute, rule)}/match/${match}/${hostInName(host)}`;

export const localityRegion = (cluster: string, backendRef: number): string => `${cluster}/backend/${backendRef}`;

/** `position` counts the refs of the cluster without those of weight 0. */
export const tlsMatchName = (cluster: string, position: number): string => `${cluster}/tls/${position}`;
