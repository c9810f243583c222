import { UserFacingError } from '../../../shared/errors.js';
import type { Environment } from '../environment.js';
import { parseBaseUrl, type BaseUrl } from './base-url.js';

/** The provider that the environment asks for. */
export interface Provider {
  readonly name: 'openai' | 'anthropic';
  readonly schema: {
    readonly name: 'OpenAI' | 'AzureOpenAI' | 'Anthropic';
    readonly version?: string;
    readonly prefix?: string;
  };
  readonly target: BaseUrl;
  readonly policy: {
    readonly type: 'APIKey' | 'AzureAPIKey' | 'AnthropicAPIKey';
    readonly member: 'apiKey' | 'azureAPIKey' | 'anthropicAPIKey';
  };
  /** The variable that holds the key; the key itself stays in the environment. */
  readonly keyVariable: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** Azure before OpenAI before Anthropic; undefined when no key is set. Empty counts as unset. Throws UserFacingError. */
export function chooseProvider(env: Environment): Provider | undefined {
  if (env['AZURE_OPENAI_API_KEY']) return azure(env);
  if (env['OPENAI_API_KEY']) {
    return {
      name: 'openai',
      ...targetOf(env['OPENAI_BASE_URL'] || 'https://api.openai.com/v1', 'OpenAI'),
      policy: { type: 'APIKey', member: 'apiKey' },
      keyVariable: 'OPENAI_API_KEY',
      headers: openaiHeaders(env),
    };
  }
  if (env['ANTHROPIC_API_KEY']) {
    return {
      name: 'anthropic',
      ...targetOf(env['ANTHROPIC_BASE_URL'] || 'https://api.anthropic.com/v1', 'Anthropic'),
      policy: { type: 'AnthropicAPIKey', member: 'anthropicAPIKey' },
      keyVariable: 'ANTHROPIC_API_KEY',
      headers: [],
    };
  }
  return undefined;
}

function azure(env: Environment): Provider {
  const required = (name: string): string => {
    const value = env[name];
    if (!value) throw new UserFacingError(`${name} environment variable is required when AZURE_OPENAI_API_KEY is set`);
    return value;
  };
  const endpoint = required('AZURE_OPENAI_ENDPOINT');
  const version = required('OPENAI_API_VERSION');
  return {
    name: 'openai',
    schema: { name: 'AzureOpenAI', version },
    target: parseBaseUrl(endpoint),
    policy: { type: 'AzureAPIKey', member: 'azureAPIKey' },
    keyVariable: 'AZURE_OPENAI_API_KEY',
    headers: openaiHeaders(env),
  };
}

function targetOf(url: string, name: 'OpenAI' | 'Anthropic'): Pick<Provider, 'schema' | 'target'> {
  const target = parseBaseUrl(url);
  return { target, schema: { name, ...(target.prefix === undefined ? {} : { prefix: target.prefix }) } };
}

const openaiHeaders = (env: Environment): Provider['headers'] =>
  [
    { name: 'OpenAI-Organization', value: env['OPENAI_ORG_ID'] ?? '' },
    { name: 'OpenAI-Project', value: env['OPENAI_PROJECT_ID'] ?? '' },
  ].filter((header) => header.value !== '');
