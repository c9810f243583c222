import { gatewayHash } from './names.js';

/** Port on which an External Processor that runs as a Deployment serves Envoy. */
export const EXTPROC_PORT = 1063;

/** Limit of the name of a Service (RFC 1123 label). */
const LABEL_MAX = 63;
const PREFIX = 'ai-gateway-extproc-';

/** Name of Deployment and Service of a Gateway's External Processor; dots are not legal in names of Services. */
export function extProcServiceName(namespace: string, name: string): string {
  const end = `-${gatewayHash(namespace, name)}`;
  const base = `${PREFIX}${name}-${namespace}`.replaceAll('.', '-');
  return `${base.slice(0, LABEL_MAX - end.length).replace(/-+$/, '')}${end}`;
}
