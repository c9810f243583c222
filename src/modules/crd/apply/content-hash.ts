import { createHash } from 'node:crypto';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import { contentOf } from './live-difference.js';

/** Of what an object says. Both sides come from JSON with members in an order that does not change by itself. */
export function contentHash(object: KubeObject): string {
  const { labels, annotations } = object.metadata;
  return createHash('sha256')
    .update(JSON.stringify([labels, annotations, contentOf(object)]))
    .digest('base64');
}
