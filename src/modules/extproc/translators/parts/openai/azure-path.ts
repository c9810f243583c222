import type { TranslatorInput } from '../../translator.js';

/**
 * `/openai/deployments/<model>/<operation>?api-version=<version>`; the deployment is percent-encoded, so that a model name
 * cannot reach another path (translators.md G42).
 */
export const azureDeploymentPath = (input: TranslatorInput, operation: string) =>
  `/openai/deployments/${encodeURIComponent(input.requestModel)}/${operation}?api-version=${encodeURIComponent(input.schema.version ?? '')}`;
