import type { AIGatewayRoute } from '../../../shared/api/ai-gateway.js';
import { keyOf, type ObjectKey } from '../../../shared/api/kube-object.js';
import { formerOversizedCondition } from '../conditions/oversized.js';
import type { OversizedRoute, Suspicion } from '../generate/oversized-routes.js';

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
  /** Of each Gateway the routes of the config that was generated last and can be stored, each in its state of then. */
  readonly #stored = new Map<ObjectKey, ReadonlySet<string>>();
  /** Routes that want to be told when a Gateway becomes known. */
  readonly #waiting = new Map<ObjectKey, Set<ObjectKey>>();
  #wakeRoute: (route: ObjectKey) => void = () => {};

  onAttached(wakeRoute: (route: ObjectKey) => void): void {
    this.#wakeRoute = wakeRoute;
  }

  /** What a pass has found out; undefined: the Gateway is gone. */
  update(gateway: ObjectKey, routes: readonly OversizedRoute[] | undefined): void {
    const former = this.#routes.get(gateway) ?? [];
    if (routes === undefined) this.#stored.delete(gateway);
    if (routes === undefined) this.#known.delete(gateway);
    else this.#known.add(gateway);
    if (routes === undefined || routes.length === 0) this.#routes.delete(gateway);
    else this.#routes.set(gateway, routes);
    const changed = new Set(this.#waiting.get(gateway));
    this.#waiting.delete(gateway);
    const told = (list: readonly OversizedRoute[]) =>
      new Map(list.map(({ route, bytes, isLeftOut }) => [route, `${bytes} ${isLeftOut}`]));
    const [before, after] = [told(former), told(routes ?? [])];
    for (const route of [...before.keys(), ...after.keys()])
      if (before.get(route) !== after.get(route)) changed.add(route);
    for (const route of changed) this.#wakeRoute(route);
  }

  /** The config of these routes can be stored. */
  store(gateway: ObjectKey, routes: readonly AIGatewayRoute[]): void {
    this.#stored.set(gateway, new Set(routes.map(stateOf)));
  }

  /** Whether a route may be why a config fits no more. A new leader has seen none that does and goes by what the route says. */
  suspicionOf(gateway: ObjectKey, route: AIGatewayRoute): Suspicion {
    const stored = this.#stored.get(gateway);
    if (stored === undefined) return formerOversizedCondition(route) ? 'left out' : 'none';
    if (stored.has(stateOf(route))) return 'none';
    const key = keyOf(route);
    const isLeftOut = this.#routes.get(gateway)?.some((one) => one.route === key && one.isLeftOut) ?? false;
    return isLeftOut ? 'left out' : 'changed';
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
  of(route: ObjectKey): (OversizedRoute & { readonly gateway: ObjectKey }) | undefined {
    for (const [gateway, routes] of this.#routes) {
      const found = routes.find((one) => one.route === route);
      if (found) return { ...found, gateway };
    }
    return undefined;
  }
}

const stateOf = (route: AIGatewayRoute): string => `${keyOf(route)} ${route.metadata.generation ?? 0}`;
