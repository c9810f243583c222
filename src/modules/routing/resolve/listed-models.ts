import type { AIGatewayRoute, AIGatewayRouteMatch } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import type { FaultReason } from './fault-reasons.js';
import { warning } from './faults.js';
import { isModelHeader } from './model-header.js';
import { ModelPatterns } from './model-patterns.js';
import type { ListedModel, ModelServer } from './route-graph.js';

/** On an AIGatewayRoute: names of models for the model lists, between commas or white space. */
const ANNOTATION = 'aigateway.envoyproxy.io/models';
const NAMES_MAX = 1000;
/** In UTF-16 code units. */
const NAME_LENGTH_MAX = 256;
/** Matches of each sort that count for a name: who reaches it by further ones only does not find it in lists. */
const SERVERS_MAX = 128;
const NAMES_SHOWN_MAX = 5;
const SHOWN_LENGTH_MAX = 64;

interface ListedModels {
  readonly models: readonly ListedModel[];
  readonly faults: readonly Fault[];
}

/** Depends on nothing but the route, which nobody changes: one that stays as it is costs no expressions again. */
const known = new WeakMap<AIGatewayRoute, ListedModels>();

/**
 * The models that the annotation of the route names and one of its matches serves, in the order of the annotation. What is wrong
 * with the annotation is a warning, and so is a regular expression that serves none of them: its models are in no list.
 * @see spec api.md section 13 (row 8), controller.md section 19 (row 33)
 */
export function resolveListedModels(route: AIGatewayRoute): ListedModels {
  const before = known.get(route);
  if (before !== undefined) return before;
  const listed = listModels(route);
  known.set(route, listed);
  return listed;
}

function listModels(route: AIGatewayRoute): ListedModels {
  const { names, faults } = annotatedNames(route);
  const servers = new Servers(names);
  const patternFaults = serve(route, names, servers);
  const models = names.map((name) => ({ name, servedBy: servers.of(name) }));
  const unserved = models.filter(({ servedBy }) => servedBy.length === 0).map(({ name }) => name);
  return {
    models: models.filter(({ servedBy }) => servedBy.length > 0),
    faults: [
      ...faults,
      ...leftOut(
        route,
        'ModelNotListed',
        unserved,
        'no rule of this route is found to serve such a model: correct the name, or add a match for it',
      ),
      ...patternFaults,
    ],
  };
}

/** Each usable name once. */
function annotatedNames(route: AIGatewayRoute): {
  readonly names: readonly string[];
  readonly faults: readonly Fault[];
} {
  const text = route.metadata.annotations?.[ANNOTATION] ?? '';
  const found = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
  const usable = found.filter(({ length }) => length <= NAME_LENGTH_MAX);
  const long = found.filter(({ length }) => length > NAME_LENGTH_MAX);
  return {
    names: usable.slice(0, NAMES_MAX),
    faults: [
      ...leftOut(
        route,
        'UnsupportedValue',
        long,
        `a name has at most ${NAME_LENGTH_MAX} characters: put commas or spaces between names`,
      ),
      ...leftOut(
        route,
        'UnsupportedValue',
        usable.slice(NAMES_MAX),
        `one route lists at most ${NAMES_MAX} models in this way: use several routes, or Exact matches`,
      ),
    ],
  };
}

/** Finds the matches of the route that serve the names; faults are of its regular expressions. */
function serve(route: AIGatewayRoute, names: readonly string[], servers: Servers): readonly Fault[] {
  const patterns = new ModelPatterns();
  const faults: Fault[] = [];
  for (const [index, rule] of (route.spec?.rules ?? []).entries()) {
    // A rule without matches takes every request.
    const matches: readonly AIGatewayRouteMatch[] = rule.matches?.length ? rule.matches : [{}];
    for (const [matchIndex, match] of matches.entries()) {
      // Of headers whose names differ in case the first counts, as in an HTTPRoute.
      const headerIndex = (match.headers ?? []).findIndex(isModelHeader);
      const header = match.headers?.[headerIndex];
      if (header === undefined) servers.add('any', { rule, match }, names);
      else if (header.type !== 'RegularExpression') servers.add('exact', { rule, match }, [header.value]);
      else {
        const path = `spec.rules[${index}].matches[${matchIndex}].headers[${headerIndex}]`;
        const matched = patterns.namesMatched(header.value, names);
        if ('problem' in matched) {
          const message = `cannot tell which names of the annotation ${ANNOTATION} the regular expression matches: ${matched.problem}; add Exact matches for models that shall appear in model lists`;
          faults.push(warning(route, `${path}.value`, 'UnsupportedValue', message));
        } else if (matched.names.length === 0) faults.push(warning(route, `${path}.type`, 'ModelNotListed', UNLISTED));
        else servers.add('pattern', { rule, match }, matched.names);
      }
    }
  }
  return faults;
}

const UNLISTED = `models matched by a regular expression are served, but do not appear in model lists: name those that shall in the annotation ${ANNOTATION}, or add Exact matches for them`;

/** For each name the matches that serve it. */
class Servers {
  readonly #byName: ReadonlyMap<string, Record<'exact' | 'pattern' | 'any', ModelServer[]>>;

  constructor(names: readonly string[]) {
    this.#byName = new Map(names.map((name) => [name, { exact: [], pattern: [], any: [] }]));
  }

  add(by: 'exact' | 'pattern' | 'any', server: ModelServer, names: readonly string[]): void {
    for (const name of names) {
      const servers = this.#byName.get(name)?.[by];
      if (servers !== undefined && servers.length < SERVERS_MAX) servers.push(server);
    }
  }

  /** Who says most about the model comes first, then who stands first. */
  of(name: string): readonly ModelServer[] {
    const { exact, pattern, any } = this.#byName.get(name)!;
    return [...exact, ...pattern, ...any];
  }
}

function leftOut(route: AIGatewayRoute, reason: FaultReason, names: readonly string[], why: string): readonly Fault[] {
  if (names.length === 0) return [];
  const shown = names
    .slice(0, NAMES_SHOWN_MAX)
    .map((name) => JSON.stringify(name.length <= SHOWN_LENGTH_MAX ? name : `${name.slice(0, SHOWN_LENGTH_MAX)}…`));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  const message = `model lists leave out ${shown.join(', ')}${more}: ${why}`;
  return [warning(route, `metadata.annotations[${ANNOTATION}]`, reason, message)];
}
