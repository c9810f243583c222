import type { ObjectKey } from '../../../shared/api/kube-object.js';
import type { OversizedRoute } from '../generate/oversized-routes.js';

/**
 * Which Gateways have a filter config that cannot be stored, and because of which routes: found by the controller of Gateways,
 * said by the one of routes, which is woken when it changes.
 *
 *     a Gateway is not known yet (a new leader) ─ its first pass ─▶ known, mostly without such routes
 */
export class OversizedConfigs {
  readonly #known = new Set<ObjectKey>();
  /** Of Gateways that have any. */
  readonly #routes = new Map<ObjectKey, readonly OversizedRoute[]>();
  /** Routes that want to be told when a Gateway becomes known. */
  readonly #waiting = new Map<ObjectKey, Set<ObjectKey>>();
  #wakeRoute: (route: ObjectKey) => void = () => {};

  onAttached(wakeRoute: (route: ObjectKey) => void): void {
    this.#wakeRoute = wakeRoute;
  }

  /** What a pass has found out; undefined: the Gateway is gone. */
  update(gateway: ObjectKey, routes: readonly OversizedRoute[] | undefined): void {
    const former = this.#routes.get(gateway) ?? [];
    if (routes === undefined) this.#known.delete(gateway);
    else this.#known.add(gateway);
    if (routes === undefined || routes.length === 0) this.#routes.delete(gateway);
    else this.#routes.set(gateway, routes);
    const changed = new Set(this.#waiting.get(gateway));
    this.#waiting.delete(gateway);
    const bytesOf = (list: readonly OversizedRoute[]) => new Map(list.map(({ route, bytes }) => [route, bytes]));
    const [before, after] = [bytesOf(former), bytesOf(routes ?? [])];
    for (const route of [...before.keys(), ...after.keys()])
      if (before.get(route) !== after.get(route)) changed.add(route);
    for (const route of changed) this.#wakeRoute(route);
  }

  /** Whether each of the Gateways was looked at; the route is woken once those are that were not. */
  areKnown(gateways: readonly ObjectKey[], route: ObjectKey): boolean {
    const unknown = gateways.filter((gateway) => !this.#known.has(gateway));
    for (const gateway of unknown) {
      const waiting = this.#waiting.get(gateway);
      if (waiting) waiting.add(route);
      else this.#waiting.set(gateway, new Set([route]));
    }
    return unknown.length === 0;
  }

  /** The Gateway whose config is too large because of the route, with what the route takes of it. */
  of(route: ObjectKey): { readonly gateway: ObjectKey; readonly bytes: number } | undefined {
    for (const [gateway, routes] of this.#routes) {
      const found = routes.find((one) => one.route === route);
      if (found) return { gateway, bytes: found.bytes };
    }
    return undefined;
  }
}
