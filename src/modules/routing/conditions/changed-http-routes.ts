import { createHash } from 'node:crypto';
import type { HTTPRoute } from '../../../shared/api/http-route.js';
import type { ObjectKey } from '../../../shared/api/kube-object.js';

/**
 * Whether HTTPRoutes are about to be written that are others than before. What Envoy Gateway says then is still of the former ones,
 * and nothing in the world tells: the write comes after the decision. One digest for each route.
 */
export class ChangedHTTPRoutes {
  readonly #digests = new Map<ObjectKey, string>();

  /** Compares with the last call for the route. False at the first one: they may be there since before this process. */
  note(route: ObjectKey, httpRoutes: readonly HTTPRoute[]): boolean {
    // Generations, by which answers are known, tell changes of `spec` alone.
    const content = httpRoutes.map(({ metadata: { name }, spec }) => [name, spec]);
    const digest = createHash('sha256').update(JSON.stringify(content)).digest('base64');
    const former = this.#digests.get(route);
    this.#digests.set(route, digest);
    return former !== undefined && former !== digest;
  }

  forget(route: ObjectKey): void {
    this.#digests.delete(route);
  }
}
