import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { SchemeHeaderTransformationSchema } from '../../../gen/proto/envoy/config/core/v3/protocol_pb.js';
import { ExternalProcessorSchema } from '../../../gen/proto/envoy/extensions/filters/http/ext_proc/v3/ext_proc_pb.js';
import {
  HttpFilterSchema,
  type HttpConnectionManager,
  type HttpFilter,
} from '../../../gen/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { routerProcessor } from './ext-proc-filters.js';
import type { ExtProcTarget } from './extproc-target.js';
import { EXT_PROC_FILTER } from './xds-names.js';

const PREFIX = 'envoy.filters.http.';
/** Filters that decide who may come in. Ours reads bodies and answers errors itself, so it never runs before them. */
const AUTHENTICATION = ['ext_authz', 'api_key_auth', 'basic_auth', 'oauth2', 'jwt_authn'];
/** Filters that must see the request as ours leaves it; kinds of filters, by the beginning of the name. */
const BEHIND_OURS = [
  'ext_proc',
  'wasm',
  'lua',
  'dynamic_modules',
  'rbac',
  'local_ratelimit',
  'ratelimit',
  'custom_response',
  'credential_injector',
  'compressor',
  'router',
];

/**
 * The manager with the external processor's filter, disabled: AI routes switch it on. Unchanged when it has the filter.
 * @returns undefined when the chain has no filter before which ours could stand, not even a router
 * @see spec extension-server.md section 12
 */
export function withRouterFilter(
  manager: HttpConnectionManager,
  filtersBefore: readonly string[],
  target?: ExtProcTarget,
): HttpConnectionManager | undefined {
  if (manager.httpFilters.some((filter) => filter.name === EXT_PROC_FILTER)) return manager;
  const index = insertionIndex(manager.httpFilters, filtersBefore);
  if (index === undefined) return undefined;
  return {
    ...manager,
    httpFilters: manager.httpFilters.toSpliced(index, 0, routerFilter(target)),
    schemeHeaderTransformation: {
      ...(manager.schemeHeaderTransformation ?? create(SchemeHeaderTransformationSchema)),
      matchUpstream: true,
    },
  };
}

/**
 * In front of the first filter that belongs behind ours, looked for behind the last authentication filter and the last
 * of `filtersBefore` (21.7); behind the buffer filter, whose limit must hold for us too.
 */
export function insertionIndex(
  filters: readonly Pick<HttpFilter, 'name'>[],
  filtersBefore: readonly string[],
): number | undefined {
  const start = filters.findLastIndex(({ name }) => isKind(name, AUTHENTICATION) || filtersBefore.includes(name)) + 1;
  const index = filters.findIndex(({ name }, position) => position >= start && isKind(name, BEHIND_OURS));
  if (index === -1) return undefined;
  const buffer = filters.findLastIndex(({ name }) => isKind(name, ['buffer']));
  return buffer >= index ? buffer + 1 : index;
}

const isKind = (name: string, filterKinds: readonly string[]): boolean =>
  filterKinds.some((kind) => name.startsWith(PREFIX + kind));

const routerFilter = (target: ExtProcTarget | undefined): HttpFilter =>
  create(HttpFilterSchema, {
    name: EXT_PROC_FILTER,
    disabled: true,
    typedConfig: anyPack(ExternalProcessorSchema, routerProcessor(target)),
  });
