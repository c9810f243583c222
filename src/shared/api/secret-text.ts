import type { Secret } from './gateway-api.js';

/** The text under a key of a Secret: `stringData` wins over `data`. Undefined when neither has the key. */
export function secretText({ data, stringData }: Secret, key: string): string | undefined {
  const plain = stringData?.[key];
  if (plain !== undefined) return plain;
  const encoded = data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** All texts of a Secret, sorted by key. */
export const secretTexts = (secret: Secret): ReadonlyMap<string, string> =>
  new Map(
    [...new Set([...Object.keys(secret.data ?? {}), ...Object.keys(secret.stringData ?? {})])]
      .sort()
      .map((key) => [key, secretText(secret, key) ?? '']),
  );
