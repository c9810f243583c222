import { describe, expect, it } from '@jest/globals';
import { MalformedRequestError } from '../../../request-error.js';
import { azureDeploymentPath, azureTarget } from './azure-path.js';

const input = (requestModel: string, version?: string, prefix?: string) =>
  ({
    requestModel,
    schema: {
      name: 'AzureOpenAI',
      ...(version === undefined ? {} : { version }),
      ...(prefix === undefined ? {} : { prefix }),
    },
  }) as Parameters<typeof azureTarget>[0];

describe('azureDeploymentPath', () => {
  it.each([
    ['gpt-4o', '/openai/deployments/gpt-4o/completions?api-version=v'],
    ['a/../b?c#d', '/openai/deployments/a%2F..%2Fb%3Fc%23d/completions?api-version=v'],
    ['%2F', '/openai/deployments/%252F/completions?api-version=v'],
    ['...', '/openai/deployments/.../completions?api-version=v'],
    ['.', '/openai/deployments/%2E/completions?api-version=v'],
    ['..', '/openai/deployments/%2E%2E/completions?api-version=v'],
    ['größe', '/openai/deployments/gr%C3%B6%C3%9Fe/completions?api-version=v'],
  ])('G42: keeps the deployment %j inside its segment', (model, path) => {
    expect(azureDeploymentPath(input(model, 'v'), 'completions')).toBe(path);
  });

  it('refuses a request without a model', () => {
    expect(() => azureDeploymentPath(input('', 'v'), 'completions')).toThrow(
      new MalformedRequestError('malformed request: "model" must name a deployment of Azure OpenAI, found none'),
    );
  });

  it.each([undefined, ''])('G42: asks for the stable version when the schema has %j', (version) => {
    expect(azureDeploymentPath(input('m', version), 'x')).toBe('/openai/deployments/m/x?api-version=2024-10-21');
  });

  it('encodes the version', () => {
    expect(azureDeploymentPath(input('m', 'a&b'), 'x')).toBe('/openai/deployments/m/x?api-version=a%26b');
  });
});

describe('azureTarget', () => {
  it.each(['openai/v1', '/openai/v1/', '//openai//v1'])(
    'G42: takes the newer surface when the prefix is %j',
    (prefix) => {
      expect(azureTarget(input('..', '', prefix), 'images/edits')).toEqual({
        path: '/openai/v1/images/edits',
        readsModelFromBody: true,
      });
    },
  );

  it('G42: keeps what stands before the newer surface, and a version', () => {
    expect(azureTarget(input('m', 'preview', 'team/openai/v1'), 'audio/speech').path).toBe(
      '/team/openai/v1/audio/speech?api-version=preview',
    );
  });

  it.each([undefined, '', 'v1', '/openai', 'myopenai/v1', 'openai/v1/x'])(
    'takes the deployment path when the prefix is %j',
    (prefix) => {
      expect(azureTarget(input('m', 'v', prefix), 'images/edits')).toEqual({
        path: '/openai/deployments/m/images/edits?api-version=v',
        readsModelFromBody: false,
      });
    },
  );
});
