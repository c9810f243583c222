import { describe, expect, it } from '@jest/globals';
import { responseHead } from '../../../../../../test/harness/cell.js';
import { awsError, awsExceptionStatus, awsStreamError } from './aws-error.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('awsError', () => {
  it.each([
    ['{"message":"no"}', { ...JSON_TYPE, 'x-amzn-errortype': 'ValidationException' }, 'ValidationException', 'no'],
    ['{"Message":"no"}', { ...JSON_TYPE, 'x-amzn-errortype': 'A:http://b' }, 'A:http://b', 'no'],
    ['{"message":"no"}', JSON_TYPE, 'AWSBedrockBackendError', 'no'],
    ['{"a":1}', { ...JSON_TYPE, 'x-amzn-errortype': 'X' }, 'AWSBedrockBackendError', '{"a":1}'],
    ['{"message"', JSON_TYPE, 'AWSBedrockBackendError', '{"message"'],
    ['<html>', { 'content-type': 'text/html', 'x-amzn-errortype': 'X' }, 'AWSBedrockBackendError', '<html>'],
    ['', {}, 'AWSBedrockBackendError', ''],
  ])('reads %j with %j', (body, headers, type, message) => {
    expect(awsError(responseHead(418, headers), Buffer.from(body))).toEqual({ type, message, status: 418 });
  });
});

describe('awsStreamError', () => {
  const none = {
    messageType: 'exception',
    exceptionType: '',
    errorCode: '',
    errorMessage: '',
    payload: Buffer.alloc(0),
  };

  it.each([
    [
      { exceptionType: 'throttlingException', payload: Buffer.from('{"message":"slow"}') },
      'throttlingException',
      'slow',
      429,
    ],
    [{ messageType: 'error', errorCode: 'InternalError', errorMessage: 'oops' }, 'InternalError', 'oops', 500],
    [{ exceptionType: 'validationException', payload: Buffer.from('odd') }, 'validationException', 'odd', 400],
    [{}, 'AWSBedrockBackendError', 'AWSBedrockBackendError', 500],
  ])('reads %j', (members, type, message, status) => {
    expect(awsStreamError({ ...none, ...members })).toEqual({ type, message, status });
  });
});

describe('awsExceptionStatus', () => {
  it.each([
    ['ValidationException', 400],
    ['accessDeniedException', 403],
    ['ResourceNotFoundException', 404],
    ['ModelTimeoutException', 408],
    ['modelStreamErrorException', 424],
    ['ModelErrorException', 424],
    ['ThrottlingException', 429],
    ['ModelNotReadyException', 429],
    ['internalServerException', 500],
    ['serviceUnavailableException', 503],
    ['constructor', 500],
    ['', 500],
  ])('of %s is %i', (type, status) => {
    expect(awsExceptionStatus(type)).toBe(status);
  });
});
