import type { FilterConfig, ModelConfig } from '../../../shared/filter-config/filter-config.js';
import type { HeaderLookup } from '../wire/header-fields.js';
import { ModelScopes } from './model-scopes.js';

/** Parts of a list that are kept with their bodies: as a rule one for each team or tenant. */
const VIEWS_MAX = 64;

/** The models shown to one group of hosts. Bodies are made at the first request and kept as long as the configuration. */
export class ModelList {
  #openAI: Uint8Array | undefined;
  #anthropic: Uint8Array | undefined;
  readonly #views = new Map<string, ModelList>();
  readonly #scopes: ModelScopes | undefined;

  constructor(readonly models: readonly ModelConfig[]) {
    const scopes = new ModelScopes(models);
    if (scopes.areAny) this.#scopes = scopes;
  }

  /** The models that a request with these headers could reach; the list itself when none of them is scoped. */
  seenBy(headers: HeaderLookup): ModelList {
    const scopes = this.#scopes;
    if (scopes === undefined) return this;
    const met = scopes.metBy(headers);
    const known = this.#views.get(met);
    if (known) return known;
    const view = new ModelList(this.models.filter((_, index) => scopes.isSeen(index, met)));
    // The oldest one: who asks for it again pays for its bodies again.
    if (this.#views.size >= VIEWS_MAX) this.#views.delete(this.#views.keys().next().value!);
    this.#views.set(met, view);
    return view;
  }

  get openAIBody(): Uint8Array {
    return (this.#openAI ??= renderOpenAIModels(this.models));
  }

  get anthropicBody(): Uint8Array {
    return (this.#anthropic ??= renderAnthropicModels(this.models));
  }

  /** Body of one model; undefined: it is not in the list. */
  bodyOf(name: string, dialect: 'openai' | 'anthropic'): Uint8Array | undefined {
    const model = this.models.find(({ Name }) => Name === name);
    if (model === undefined) return undefined;
    return encode(dialect === 'openai' ? openAIModel(model) : anthropicModel(model));
  }
}

export interface ModelLists {
  readonly all: ModelList;
  /** Lower-case host, or `*.<suffix>` → its models. Absent when no route is host-scoped. */
  readonly byHost?: ReadonlyMap<string, ModelList>;
  /** For hosts that are not in `byHost`. */
  readonly unscoped: ModelList;
}

export function compileModelLists(
  config: Pick<FilterConfig, 'models' | 'modelsByHost' | 'unscopedModels'>,
): ModelLists {
  const hosts = Object.entries(config.modelsByHost ?? {});
  return {
    all: new ModelList(config.models),
    ...(hosts.length > 0 && {
      byHost: new Map(hosts.map(([host, models]) => [host.toLowerCase(), new ModelList(models)])),
    }),
    unscoped: new ModelList(config.unscopedModels ?? []),
  };
}

/**
 * The list for a request: of the models of its host those whose rules its headers could reach (controller.md section 19, row
 * 33).
 *
 * @param host `:authority`, else `host`, of the request, with or without port; empty when there is none
 */
export const selectModels = (lists: ModelLists, host: string, headers: HeaderLookup): ModelList =>
  listOfHost(lists, host).seenBy(headers);

/**
 * A host that no route names gets the unscoped models and never all of them, so that names of host-scoped models do not leak
 * (extproc.md section 13).
 */
function listOfHost(lists: ModelLists, host: string): ModelList {
  const name = hostName(host);
  if (name === '' || !lists.byHost) return lists.all;
  // A wildcard stands for exactly one label, so that one suffix at most can match.
  const suffix = name.indexOf('.');
  return (
    lists.byHost.get(name) ?? (suffix > 0 ? lists.byHost.get(`*${name.slice(suffix)}`) : undefined) ?? lists.unscoped
  );
}

function hostName(host: string): string {
  const trimmed = host.trim().toLowerCase();
  const bracketed = /^\[([^\]]+)\]/.exec(trimmed);
  if (bracketed) return bracketed[1]!;
  const colon = trimmed.indexOf(':');
  // More than one colon is an IPv6 address without brackets, which has no port.
  return colon < 0 || trimmed.includes(':', colon + 1) ? trimmed : trimmed.slice(0, colon);
}

/** Body of `GET /v1/models` in OpenAI's dialect. */
export function renderOpenAIModels(models: readonly ModelConfig[]): Uint8Array {
  return encode({
    data: distinct(models).map(openAIModel),
    object: 'list',
  });
}

const openAIModel = (model: ModelConfig) => ({
  id: model.Name,
  created: Math.floor(createdAtMs(model) / 1000),
  object: 'model',
  owned_by: model.OwnedBy,
});

/** Body of `GET /v1/models` in Anthropic's dialect. `first_id` and `last_id` are left out of an empty list. */
export function renderAnthropicModels(models: readonly ModelConfig[]): Uint8Array {
  const data = distinct(models).map(anthropicModel);
  return encode({ data, first_id: data[0]?.id, has_more: false, last_id: data.at(-1)?.id });
}

const anthropicModel = (model: ModelConfig) => ({
  id: model.Name,
  type: 'model',
  display_name: model.Name,
  created_at: new Date(createdAtMs(model)).toISOString().replace(/\.\d{3}Z$/, 'Z'),
});

/** Several rules may route one model; clients see it once, as the first rule describes it. */
function distinct(models: readonly ModelConfig[]): ModelConfig[] {
  const names = new Set<string>();
  return models.filter(({ Name }) => !names.has(Name) && names.add(Name));
}

/** A time that cannot be read shows as the epoch: the list is worth more than the date. */
const createdAtMs = (model: ModelConfig) => Date.parse(model.CreatedAt) || 0;
const encode = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body), 'utf8');
