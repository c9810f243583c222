import type { Fault } from '../../../shared/api/fault.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';
import type { Snapshot } from '../../../shared/api/snapshot.js';
import type { ExtProcAddress, ExtProcDeployment } from './extproc-target.js';

/** Settings of the controller that shape the xDS. @see spec extension-server.md section 3 */
export interface EditOptions {
  /** The processor beside Envoy. */
  readonly extProcAddress: ExtProcAddress;
  /** The processor of a Gateway that is, or will be, a deployment of its own; undefined when there is none. Pure. */
  readonly extProcDeploymentOf?: (gateway: ObjectKey, world: Snapshot) => ExtProcDeployment | undefined;
  /** Request header → key of dynamic metadata for access logs; empty: none. @see spec section 16 */
  readonly logRequestHeaderAttributes: ReadonlyMap<string, string>;
  /** Name spaces of dynamic metadata that every upstream stream gets, besides those that policies ask for (21.2). */
  readonly metadataForwardingNamespaces?: readonly string[];
  /** Exact names of HTTP filters that must run before the external processor (21.7). */
  readonly filtersBeforeExtProc?: readonly string[];
  /**
   * Routes carry a fingerprint of their authentication filters, by which the processor refuses requests that were
   * authenticated for another route (21.8). Default false.
   */
  readonly separatesAuthentication?: boolean;
  /** Envoy Gateway calls `PostEndpointsModify`, so that EDS endpoints carry their own identity (21.5). Default false. */
  readonly hasEndpointsHook?: boolean;
}

/** Takes what is wrong with one place; the edit goes on with the next place (21.15). */
export type Report = (fault: Fault) => void;
