import type { TranslatorInput } from '../../translator.js';
import { azureSharedPath } from '../openai/azure-path.js';

/** The last dated version; the stable ones of the data plane do not have this API (translators.md G42). */
const DEFAULT_API_VERSION = '2025-04-01-preview';

/** The deployment stands in the body, if anywhere. @see spec translators.md 9.2 */
export const azureResponsesPath = (
  input: Pick<TranslatorInput, 'requestModel' | 'schema'>,
  operation: string,
): string => azureSharedPath(input, operation, DEFAULT_API_VERSION);
