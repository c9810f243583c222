import { UserFacingError } from '../../../shared/errors.js';
import {
  elementRanges,
  JsonSyntaxError,
  memberRanges,
  readString,
  scanObject,
  type ByteRange,
} from '../codec/json-scan.js';
import { checkModel } from './json-request.js';
import { namingTheModel, type BodyModel } from './passed-endpoint.js';

/**
 * The model of a batch of messages: that of all its `requests[].params.model`, which must be one and the same, because a batch
 * goes to one backend as a whole.
 * @throws {UserFacingError} otherwise
 */
export function modelOfBatch(path: string, body: Uint8Array): BodyModel {
  const modelRanges: ByteRange[] = [];
  let model: string | undefined;
  for (const range of modelsIn(path, body)) {
    const found = readString(body, range);
    if (found === undefined || found === '') {
      throw new UserFacingError(
        `malformed request: "model" in the requests of ${path} must be a string that is not empty`,
      );
    }
    if (model !== undefined && found !== model) {
      throw new UserFacingError(
        `malformed request: all requests of one batch must name the same model, since they go to one provider; make a batch for each model`,
      );
    }
    model = found;
    modelRanges.push(range);
  }
  if (model === undefined) {
    throw new UserFacingError(
      `malformed request: no requests[].params.model in the body of ${path}; ${namingTheModel}`,
    );
  }
  checkModel(path, model);
  return { model, modelRanges };
}

function* modelsIn(path: string, body: Uint8Array): Generator<ByteRange> {
  for (const requests of scanned(path, body)) {
    for (const request of elementRanges(body, requests) ?? []) {
      for (const params of memberRanges(body, request, ['params']).get('params') ?? []) {
        yield* memberRanges(body, params, ['model']).get('model') ?? [];
      }
    }
  }
}

function scanned(path: string, body: Uint8Array): readonly ByteRange[] {
  try {
    return scanObject(body, ['requests']).get('requests') ?? [];
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new UserFacingError(`malformed request: the body of ${path} is not a JSON object: ${error.message}`);
  }
}
