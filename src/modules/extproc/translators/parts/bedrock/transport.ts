import type { TranslatorInput } from '../../translator.js';
import { escapeModel } from '../aws/model-path.js';

/** Header of Bedrock's answers; what it holds is the id of the answer too. */
export const REQUEST_ID = 'x-amzn-requestid';

export const conversePath = ({ requestModel }: TranslatorInput, isStreaming: boolean): string =>
  `/model/${escapeModel(requestModel)}/${isStreaming ? 'converse-stream' : 'converse'}`;
