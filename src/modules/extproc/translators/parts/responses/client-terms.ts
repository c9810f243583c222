import { UserFacingError } from '../../../../../shared/errors.js';
import { MalformedRequestError } from '../../../request-error.js';
import { Receipt } from '../../receipt.js';

/*
 * Backends know chats only: what they say of a request is told to the client in the terms of its own API.
 */

/** Names of chat for what has another name here. */
const CLIENT_NAMES: ReadonlyMap<string, string> = new Map([
  ['messages', 'input'],
  ['max_tokens', 'max_output_tokens'],
  ['max_completion_tokens', 'max_output_tokens'],
  ['reasoning_effort', 'reasoning.effort'],
  ['response_format', 'text.format'],
  ['verbosity', 'text.verbosity'],
  ['logprobs', 'include'],
]);
const CHAT_NAME = /^[a-z_]+/;

/** What chat nests one level deeper. */
const NESTED: readonly (readonly [RegExp, string])[] = [
  [/^response_format\.json_schema/, 'response_format'],
  [/^(tools\[\d+\]|input\[.*)\.function\./, '$1.'],
  [/^(input\[.*)\.image_url\.url$/, '$1.image_url'],
  [/^(input\[.*)\.(?:image_url|file)\.(\w+)$/, '$1.$2'],
  // Thinking comes in items of the turn that the path names.
  [/^(input\[\d+\])\.thinking_blocks\[\d+\]$/, '$1'],
];

/** A path of the chat request in the client's terms, e.g. `response_format.json_schema.strict` → `text.format.strict`. */
export const clientPath = (path: string): string =>
  NESTED.reduce((nested, [pattern, flat]) => nested.replace(pattern, flat), path).replace(
    CHAT_NAME,
    (name) => CLIENT_NAMES.get(name) ?? name,
  );

/** An error text: the names that it quotes are paths. */
export const clientText = (message: string): string =>
  message.replaceAll(/"([a-z_]+(?:\[\d+\]|\.[a-z_]+)*)"/g, (_, path: string) => `"${clientPath(path)}"`);

/** Runs a backend; what it refuses is told in the client's terms, with the same status. */
export function inClientTerms<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    const message = clientText(error.message);
    if (message === error.message) throw error;
    const Kind = error instanceof MalformedRequestError ? MalformedRequestError : UserFacingError;
    throw new Kind(message, { cause: error });
  }
}

/** What was dropped before the backend, in the client's terms already, and by it. */
export function joinedReceipt(own: readonly string[], ofBackend: readonly string[]): readonly string[] {
  const receipt = new Receipt();
  for (const path of own) receipt.drop(path);
  for (const path of ofBackend) receipt.drop(clientPath(path));
  return receipt.dropped;
}
