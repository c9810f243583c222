import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  PostClusterModifyRequestSchema,
  PostClusterModifyResponseSchema,
  PostEndpointsModifyRequestSchema,
  PostEndpointsModifyResponseSchema,
  PostRouteModifyRequestSchema,
  PostRouteModifyResponseSchema,
} from '../../gen/proto/envoygateway/extension/service_pb.js';
import type { Fault } from '../../shared/api/fault.js';
import type { ObjectKey } from '../../shared/api/kube-object.js';
import type { Snapshot } from '../../shared/api/snapshot.js';
import { CatchUpTime, NotUpToDate } from './catch-up-time.js';
import { editLoadAssignment } from './edits/ai-clusters.js';
import type { EditOptions } from './edits/edit-options.js';
import { editTranslation } from './edits/edit-translation.js';
import { modifyPoolCluster, modifyPoolRoute } from './edits/pool-hooks.js';
import { EndpointFaults } from './endpoint-faults.js';
import { EndpointOrigins } from './endpoint-origins.js';
import { decodeTranslation, encodeTranslation } from './translation-wire.js';

/** One translation of Envoy Gateway as it left us. */
export interface TranslationRecord {
  /** Gateways whose listeners serve AI routes, with fingerprints of these. Empty for Envoys without AI routes. */
  readonly gateways: ReadonlyMap<ObjectKey, string>;
  readonly faults: readonly Fault[];
}

export interface HookOptions {
  readonly editOptions: EditOptions;
  /** After each translation, before the answer is sent. */
  readonly onTranslated: (record: TranslationRecord) => void;
  /** Something that only the log can tell. */
  readonly onProblem: (hook: HookName, problem: string) => void;
  /** Milliseconds that only go forward. */
  readonly nowMs: () => number;
}

export type HookName = 'PostRouteModify' | 'PostClusterModify' | 'PostEndpointsModify' | 'PostTranslateModify';

/** The request of a hook and its answer, both encoded. @throws NotUpToDate when it is to be tried again in a moment */
export type Hook = (message: Uint8Array, world: Snapshot) => Uint8Array;

/**
 * The hooks of `envoygateway.extension.EnvoyGatewayExtension`. A request without a resource gets an empty answer, and Envoy
 * Gateway keeps its own. @see spec extension-server.md sections 2, 6, 7, 8 and 21.5
 */
export function createHooks({
  editOptions,
  onTranslated,
  onProblem,
  nowMs,
}: HookOptions): Readonly<Record<HookName, Hook>> {
  const endpointFaults = new EndpointFaults();
  const endpointOrigins = new EndpointOrigins();
  const catchUpTime = new CatchUpTime(nowMs);
  const waitFor = (faults: readonly Fault[]) => {
    if (catchUpTime.isWorthWaiting(faults)) throw new NotUpToDate(faults[0]?.message);
  };
  // Envoy Gateway hands over endpoints before the whole, and only when it is set up to.
  let hasEndpointsHook = editOptions.hasEndpointsHook ?? false;
  return {
    PostRouteModify(message) {
      const { route, postRouteContext } = fromBinary(PostRouteModifyRequestSchema, message);
      if (route === undefined) return EMPTY;
      const { resource, problems } = modifyPoolRoute(route, bytesOf(postRouteContext?.extensionResources));
      for (const problem of problems) onProblem('PostRouteModify', problem);
      return toBinary(PostRouteModifyResponseSchema, create(PostRouteModifyResponseSchema, { route: resource }));
    },
    PostClusterModify(message) {
      const { cluster, postClusterContext } = fromBinary(PostClusterModifyRequestSchema, message);
      if (cluster === undefined) return EMPTY;
      const resources = bytesOf(postClusterContext?.backendExtensionResources);
      const { resource, problems } = modifyPoolCluster(cluster, resources);
      for (const problem of problems) onProblem('PostClusterModify', problem);
      return toBinary(PostClusterModifyResponseSchema, create(PostClusterModifyResponseSchema, { cluster: resource }));
    },
    PostEndpointsModify(message, world) {
      hasEndpointsHook = true;
      const { loadAssignment } = fromBinary(PostEndpointsModifyRequestSchema, message);
      if (loadAssignment === undefined) return EMPTY;
      const { assignment, rule, faults } = editLoadAssignment(loadAssignment, world);
      waitFor(faults);
      endpointFaults.set(assignment.clusterName, faults);
      endpointOrigins.note(assignment.clusterName, faults.length === 0 ? rule : undefined);
      return toBinary(
        PostEndpointsModifyResponseSchema,
        create(PostEndpointsModifyResponseSchema, { loadAssignment: assignment }),
      );
    },
    PostTranslateModify(message, world) {
      const { resources, bytesOf: known, faults: undecodable } = decodeTranslation(message);
      const { gateways, ...edited } = editTranslation(resources, world, { ...editOptions, hasEndpointsHook });
      waitFor(edited.faults);
      const answer = encodeTranslation(edited.resources, known);
      onTranslated({
        gateways,
        faults: [
          ...undecodable,
          ...edited.faults,
          ...endpointFaults.of(resources),
          ...endpointOrigins.faults(resources),
        ],
      });
      return answer;
    },
  };
}

const EMPTY = new Uint8Array();

const bytesOf = (resources: readonly { readonly unstructuredBytes: Uint8Array }[] | undefined): readonly Uint8Array[] =>
  (resources ?? []).map(({ unstructuredBytes }) => unstructuredBytes);
