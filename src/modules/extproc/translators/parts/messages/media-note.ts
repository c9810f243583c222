/** What a client is told of media that its dialect cannot carry. @param mediaType Maybe empty */
export const mediaNote = (mediaType: string): string =>
  `[The model made ${mediaType || 'media'}, which cannot be shown here.]`;
