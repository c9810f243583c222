import {
  mergeHeaderAttributes,
  parseHeaderAttributes,
  SESSION_HEADER_ATTRIBUTES,
  type HeaderAttributes,
} from '../../../shared/header-attributes.js';
import type { Environment } from '../environment.js';

/** The mapping for access logs that the variables ask for, as the External Processor reads it from its flags. */
export function logHeaderAttributesOf(env: Environment): HeaderAttributes {
  const base = parseHeaderAttributes(env['OTEL_AIGW_REQUEST_HEADER_ATTRIBUTES'] ?? '');
  const own = env['OTEL_AIGW_LOG_REQUEST_HEADER_ATTRIBUTES'];
  return mergeHeaderAttributes(base, own === undefined ? SESSION_HEADER_ATTRIBUTES : parseHeaderAttributes(own));
}
