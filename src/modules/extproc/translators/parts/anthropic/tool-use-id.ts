/**
 * An id as Claude takes it. Ids of other providers may hold other characters; calls and their results go through here, so
 * that they still fit together. @see spec translators.md 18.1.4
 */
export const toolUseId = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_');
