import { mediaToOpenAI } from '../parts/openai/media-passthrough.js';

/** @see spec translators.md section 8 */
export const imagesGenerationsToOpenAI = mediaToOpenAI('images/generations');
