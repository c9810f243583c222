import { COST_ARITHMETICS } from '../cost/cost-arithmetic.js';
import { UserFacingError } from '../errors.js';
import { Redacted } from '../secret.js';
import { formatPath, parseConfigDocument, type ConfigDocument } from './config-document.js';
import {
  COST_TYPES,
  SCHEMA_NAMES,
  PROVIDER_RESOURCES,
  TRANSLATION_POLICIES,
  type AuthConfig,
  type BackendConfig,
  type BodyMutationConfig,
  type CostConfig,
  type CredentialOverrideConfig,
  type FilterConfig,
  type HeaderMutationConfig,
  type HeaderScope,
  type ModelConfig,
  type ReadFault,
  type RouteCostConfig,
  type SchemaConfig,
} from './filter-config.js';
import { MappingReader, ShapeError, UnknownFields, type ListItem } from './mapping-reader.js';

/** Stands for a creation time that the document does not give. */
const UNKNOWN_TIME = '1970-01-01T00:00:00Z';

/**
 * Reads a filter configuration from YAML or JSON (spec extproc.md section 2). Keys match in any case; unknown fields are
 * reported to `onWarning` and ignored. An entry of `backends`, of the costs or of the models that cannot be understood
 * is left out and listed in `readFaults`, so that it does not take its neighbours along (X30).
 *
 * @throws UserFacingError with file, line, path, what was found and what is expected, when the text is not YAML or the
 * document as a whole has not the expected shape.
 */
export function parseFilterConfig(
  text: string,
  fileName: string,
  onWarning: (warning: string) => void = () => {},
): FilterConfig {
  const document = parseConfigDocument(text, fileName);
  const unknown = new UnknownFields();
  const config = inDocument(document, () => readConfig(new MappingReader(document.value, [], unknown), document));
  for (const path of unknown.paths) {
    const line = document.lineOf(path);
    onWarning(`${fileName}${line === undefined ? '' : `:${line}`}: ${formatPath(path)}: unknown field, ignored`);
  }
  if (unknown.omitted > 0) onWarning(`${fileName}: ${unknown.omitted} more unknown fields, ignored`);
  return config;
}

function inDocument<T>(document: ConfigDocument, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShapeError) throw new UserFacingError(error.describe(document), { cause: error });
    throw error;
  }
}

function readConfig(root: MappingReader, document: ConfigDocument): FilterConfig {
  const readFaults: ReadFault[] = [];
  const each = <T>(
    items: readonly ListItem[] | undefined,
    read: (entry: MappingReader) => T,
    backendOf: (value: unknown) => string | undefined = () => undefined,
  ): T[] => {
    const results: T[] = [];
    for (const item of items ?? []) {
      try {
        results.push(read(root.item(item)));
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        const backend = backendOf(item.value);
        const fault = { path: formatPath(error.path), message: error.describe(document) };
        readFaults.push(backend === undefined ? fault : { ...fault, backend, backendsBefore: results.length });
      }
    }
    return results;
  };
  const modelsByHost = root.child('modelsByHost');
  const unscopedModels = root.list('unscopedModels');
  return root.done({
    version: root.text('version') ?? '',
    uuid: root.text('uuid') ?? '',
    globalLLMRequestCosts: each(root.list('globalLLMRequestCosts'), readCost),
    llmRequestCosts: each(root.list('llmRequestCosts'), readRouteCost),
    backends: each(root.list('backends'), readBackend, nameOf),
    models: each(root.list('models'), readModel),
    ...(modelsByHost && {
      modelsByHost: Object.fromEntries(
        modelsByHost.keys().map((host) => [host, each(modelsByHost.list(host), readModel)] as const),
      ),
    }),
    ...(unscopedModels && { unscopedModels: each(unscopedModels, readModel) }),
    ...(readFaults.length > 0 && { readFaults }),
  });
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const name: unknown = Object.entries(value).find(([key]) => key.toLowerCase() === 'name')?.[1];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function readCost(entry: MappingReader): CostConfig {
  const cel = entry.text('cel');
  return entry.done({
    metadataKey: entry.requiredText('metadataKey'),
    type: entry.oneOf('type', COST_TYPES),
    ...(cel !== undefined && cel !== '' && { cel }),
    ...(entry.text('arithmetic') && { arithmetic: entry.oneOf('arithmetic', COST_ARITHMETICS) }),
  });
}

function readRouteCost(entry: MappingReader): RouteCostConfig {
  const backend = entry.text('backend');
  const model = entry.text('model');
  const routeName = entry.text('routeName') ?? '';
  return { ...(backend && { backend }), ...(model && { model }), routeName, ...readCost(entry) };
}

function readBackend(entry: MappingReader): BackendConfig {
  const auth = entry.child('auth');
  const headerMutation = entry.child('httpHeaderMutation');
  const bodyMutation = entry.child('httpBodyMutation');
  const schema = entry.child('schema');
  const namespace = entry.text('namespace');
  if (!schema) throw new ShapeError([...entry.path, 'schema'], 'nothing', 'a mapping');
  return entry.done({
    name: entry.requiredText('name'),
    ...(namespace && { namespace }),
    modelNameOverride: entry.text('modelNameOverride') ?? '',
    schema: readSchema(schema),
    ...(auth && { auth: readAuth(auth) }),
    ...(headerMutation && { httpHeaderMutation: readHeaderMutation(headerMutation) }),
    ...(bodyMutation && { httpBodyMutation: readBodyMutation(bodyMutation) }),
    ...(entry.text('translationPolicy') && {
      translationPolicy: entry.oneOf('translationPolicy', TRANSLATION_POLICIES),
    }),
    ...(entry.text('providerResources') && {
      providerResources: entry.oneOf('providerResources', PROVIDER_RESOURCES),
    }),
  });
}

function readSchema(entry: MappingReader): SchemaConfig {
  const name = entry.oneOf('name', SCHEMA_NAMES);
  const version = entry.text('version');
  const prefix = entry.text('prefix');
  return entry.done({
    name,
    ...(version !== undefined && { version }),
    ...(name === 'Anthropic' && { prefix: prefix || 'v1' }),
    ...(name === 'OpenAI' && { prefix: prefix ?? '' }),
    ...(name !== 'Anthropic' && name !== 'OpenAI' && prefix !== undefined && { prefix }),
  });
}

function readAuth(entry: MappingReader): AuthConfig {
  const key = (child: MappingReader) => child.done({ key: secret(child, 'key') });
  const apiKey = entry.child('apiKey');
  const azureAPIKey = entry.child('azureAPIKey');
  const anthropicAPIKey = entry.child('anthropicAPIKey');
  const aws = entry.child('aws');
  const azure = entry.child('azure');
  const gcp = entry.child('gcp');
  const override = entry.child('credentialOverride');
  return entry.done({
    ...(apiKey && { apiKey: key(apiKey) }),
    ...(azureAPIKey && { azureAPIKey: key(azureAPIKey) }),
    ...(anthropicAPIKey && { anthropicAPIKey: key(anthropicAPIKey) }),
    ...(aws && { aws: readAws(aws) }),
    ...(azure && { azure: azure.done({ accessToken: secret(azure, 'accessToken') }) }),
    ...(gcp && {
      gcp: gcp.done({
        accessToken: secret(gcp, 'accessToken'),
        region: gcp.text('region') ?? '',
        projectName: gcp.text('projectName') ?? '',
      }),
    }),
    ...(override && { credentialOverride: readOverride(override) }),
  });
}

const secret = (entry: MappingReader, key: string) => new Redacted(entry.text(key) ?? '');

function readAws(entry: MappingReader): NonNullable<AuthConfig['aws']> {
  const literal = entry.text('credentialFileLiteral');
  const region = entry.text('region') ?? '';
  return entry.done({ ...(literal && { credentialFileLiteral: new Redacted(literal) }), region });
}

function readOverride(entry: MappingReader): CredentialOverrideConfig {
  const headerName = entry.text('headerName');
  const dynamicMetadataNamespace = entry.text('dynamicMetadataNamespace');
  const dynamicMetadataKey = entry.text('dynamicMetadataKey');
  const inputHeadersToRemove = entry.texts('inputHeadersToRemove');
  return entry.done({
    ...(headerName && { headerName: headerName.toLowerCase() }),
    ...(dynamicMetadataNamespace && { dynamicMetadataNamespace }),
    ...(dynamicMetadataKey && { dynamicMetadataKey }),
    fallbackToConfigured: entry.flag('fallbackToConfigured'),
    ...(inputHeadersToRemove && { inputHeadersToRemove }),
  });
}

function readHeaderMutation(entry: MappingReader): HeaderMutationConfig {
  const set = entry.list('set');
  const remove = entry.texts('remove');
  return entry.done({
    ...(set && {
      set: set.map((item) => {
        const header = entry.item(item);
        return header.done({ name: header.requiredText('name'), value: secret(header, 'value') });
      }),
    }),
    ...(remove && { remove }),
  });
}

function readBodyMutation(entry: MappingReader): BodyMutationConfig {
  const set = entry.list('set');
  const remove = entry.texts('remove');
  return entry.done({
    ...(set && {
      set: set.map((item) => {
        const field = entry.item(item);
        return field.done({ path: field.text('path') ?? '', value: field.text('value') ?? '' });
      }),
    }),
    ...(remove && { remove }),
  });
}

function readModel(entry: MappingReader): ModelConfig {
  const scopes = entry.list('Scopes');
  return entry.done({
    Name: entry.requiredText('Name'),
    OwnedBy: entry.text('OwnedBy') ?? '',
    CreatedAt: entry.text('CreatedAt') ?? UNKNOWN_TIME,
    ...(scopes && { Scopes: scopes.map((item) => readScope(entry.item(item))) }),
  });
}

function readScope(entry: MappingReader): HeaderScope {
  return entry.done(
    Object.fromEntries(entry.keys().map((name) => [name.toLowerCase(), entry.text(name) ?? ''] as const)),
  );
}
