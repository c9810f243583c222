import { mediaToOpenAI } from '../parts/openai/media-passthrough.js';

/** @see spec translators.md G33 */
export const imagesVariationsToOpenAI = mediaToOpenAI('images/variations');
