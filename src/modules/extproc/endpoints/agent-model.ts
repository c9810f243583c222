import { UserFacingError } from '../../../shared/errors.js';
import { JsonSyntaxError, memberRanges, readString, scanObject, type ByteRange } from '../codec/json-scan.js';
import { checkModel } from './json-request.js';
import { namingTheModel, type BodyModel } from './passed-endpoint.js';

/**
 * The model of an agent: `model`, or `model.id` where it is an object. @see
 * https://platform.claude.com/docs/en/api/beta/agents/create
 * @throws {UserFacingError} when there is none, or a doubled key names another one
 */
export function modelOfAgent(path: string, body: Uint8Array): BodyModel {
  const modelRanges = modelsIn(path, body);
  const names = new Set(modelRanges.map((range) => readString(body, range)));
  const [model] = names;
  if (names.size > 1) {
    throw new UserFacingError(`malformed request: the body of ${path} names different models under the same key`);
  }
  if (model === undefined || model === '') {
    throw new UserFacingError(`malformed request: no model in the body of ${path}; ${namingTheModel}`);
  }
  checkModel(path, model);
  return { model, modelRanges };
}

function modelsIn(path: string, body: Uint8Array): readonly ByteRange[] {
  try {
    const models = scanObject(body, ['model']).get('model') ?? [];
    return models.flatMap((range) =>
      body[range.start] === OPEN_BRACE ? (memberRanges(body, range, ['id']).get('id') ?? []) : [range],
    );
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new UserFacingError(`malformed request: the body of ${path} is not a JSON object: ${error.message}`);
  }
}

const OPEN_BRACE = 0x7b;
