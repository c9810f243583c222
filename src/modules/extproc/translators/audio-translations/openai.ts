import { mediaToOpenAI } from '../parts/openai/media-passthrough.js';

/** @see spec translators.md section 10 */
export const audioTranslationsToOpenAI = mediaToOpenAI('audio/translations');
