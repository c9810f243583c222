import type { HeaderSet } from '../../../header-set.js';
import type { TranslatorInput } from '../../translator.js';

/** `anthropic_version` in bodies for the clouds when the schema names none (translators.md G22). */
const BEDROCK_VERSION = 'bedrock-2023-05-31';
const VERTEX_VERSION = 'vertex-2023-10-16';

export const bedrockVersion = ({ schema }: TranslatorInput) => schema.version || BEDROCK_VERSION;
export const vertexVersion = ({ schema }: TranslatorInput) => schema.version || VERTEX_VERSION;

const HEADER = 'anthropic-version';

/** Anthropic demands the header; clients that are written for other servers do not send it (translators.md G34). */
export const versionHeader = ({ headers }: Pick<TranslatorInput, 'headers'>): readonly HeaderSet[] =>
  headers.has(HEADER) ? [] : [{ name: HEADER, value: '2023-06-01' }];
