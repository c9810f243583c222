import type { HTTPHeaderMatch } from '../../../shared/api/http-route.js';
import { headers } from '../../../shared/headers.js';

/** Whether a match looks at the model; header names compare without case. */
export const isModelHeader = (match: HTTPHeaderMatch): boolean => match.name.toLowerCase() === headers.model;
