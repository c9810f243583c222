import { mediaToAzureOpenAI } from '../parts/openai/media-passthrough.js';

/** @see spec translators.md 18.5 */
export const audioTranslationsToAzureOpenAI = mediaToAzureOpenAI('audio/translations');
