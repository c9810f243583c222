import { mediaToAzureOpenAI } from '../parts/openai/media-passthrough.js';

/** Azure publishes no such operation; deployments that have it follow the paths of the others. @see spec translators.md 18.5, G33 */
export const imagesVariationsToAzureOpenAI = mediaToAzureOpenAI('images/variations');
