import { MalformedRequestError } from '../../../request-error.js';
import type { TranslatorInput } from '../../translator.js';
import { prefixedPath } from './passthrough.js';

/**
 * The stable version of the data plane; Azure serves none without (translators.md G42).
 * @see https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
 */
const DEFAULT_API_VERSION = '2024-10-21';

/** What the paths of Azure are made of. */
type AzureCall = Pick<TranslatorInput, 'requestModel' | 'schema'>;

/**
 * `/openai/deployments/<model>/<operation>?api-version=<version>`; the deployment is percent-encoded, so that a model name
 * cannot reach another path (translators.md G42).
 * @throws {MalformedRequestError} when there is no model
 */
export function azureDeploymentPath({ requestModel, schema }: AzureCall, operation: string): string {
  if (requestModel === '') {
    throw new MalformedRequestError('malformed request: "model" must name a deployment of Azure OpenAI, found none');
  }
  const isDotSegment = requestModel === '.' || requestModel === '..';
  const deployment = isDotSegment ? requestModel.replaceAll('.', '%2E') : encodeURIComponent(requestModel);
  const version = encodeURIComponent(schema.version || DEFAULT_API_VERSION);
  return `/openai/deployments/${deployment}/${operation}?api-version=${version}`;
}

const V1_SURFACE = /\/openai\/v1\/?$/;

export interface AzureTarget {
  readonly path: string;
  /** The provider reads the model from the body; otherwise it is in the path and the body is left alone. */
  readonly readsModelFromBody: boolean;
}

/**
 * The newer surface when the schema's prefix is `openai/v1`, or ends with it, else {@link azureDeploymentPath}. The newer one
 * needs no version. @see spec translators.md 18.5, G42
 */
export function azureTarget(input: AzureCall, operation: string): AzureTarget {
  const { prefix, version } = input.schema;
  const path = prefixedPath(prefix, operation);
  if (!V1_SURFACE.test(prefixedPath(prefix, ''))) {
    return { path: azureDeploymentPath(input, operation), readsModelFromBody: false };
  }
  const query = version ? `?api-version=${encodeURIComponent(version)}` : '';
  return { path: path + query, readsModelFromBody: true };
}

/**
 * What all deployments of an account share: `/openai/<operation>?api-version=<version>`, or `/openai/v1/<operation>` when the
 * schema's prefix says so. @see spec translators.md 18.5
 */
export function azureSharedPath(input: AzureCall, operation: string, defaultVersion = DEFAULT_API_VERSION): string {
  const { path, readsModelFromBody } = azureTarget(input, operation);
  if (readsModelFromBody) return path;
  return `/openai/${operation}?api-version=${encodeURIComponent(input.schema.version || defaultVersion)}`;
}
