import type { TranslatorInput } from '../../translator.js';
import { azureTarget } from '../openai/azure-path.js';

/** The last dated version; the stable ones of the data plane do not have this API (translators.md G42). */
const DEFAULT_API_VERSION = '2025-04-01-preview';

/**
 * `/openai/<operation>?api-version=<version>`, or `/openai/v1/<operation>` when the schema's prefix says so. The deployment
 * stands in the body. @see spec translators.md 9.2
 */
export function azureResponsesPath(input: TranslatorInput, operation: string): string {
  const { path, readsModelFromBody } = azureTarget(input, operation);
  if (readsModelFromBody) return path;
  return `/openai/${operation}?api-version=${encodeURIComponent(input.schema.version || DEFAULT_API_VERSION)}`;
}
