import { describe, expect, it } from '@jest/globals';
import { UserFacingError } from '../../../../../shared/errors.js';
import { Receipt } from '../../receipt.js';
import { readTools } from '../chat/read-tools.js';
import { parseGeminiModel } from './model.js';
import { SchemaWriter } from './schema.js';
import { toToolConfig, toTools } from './tools.js';

const NEW = 'gemini-2.5-pro';
const OLD = 'gemini-2.0-flash';
const toolsOf = (model: string, ...tools: object[]) =>
  toTools(
    { tools: readTools({ tools: JSON.parse(JSON.stringify(tools)) }) },
    new SchemaWriter(parseGeminiModel(model)),
    new Receipt(),
  );
const functionTool = (parameters?: unknown) => ({ type: 'function', function: { name: 'f', parameters } });
const declared = (members: object) => [{ functionDeclarations: [{ name: 'f', ...members }] }];

describe('toTools', () => {
  it.each<[string, string, object[], unknown]>([
    ['nothing when empty', NEW, [], undefined],
    ['nothing for a function tool without a definition', NEW, [{ type: 'function' }], undefined],
    [
      'JSON schemas as they are',
      NEW,
      [functionTool({ type: 'object', not: {} })],
      declared({ parametersJsonSchema: { type: 'object', not: {} } }),
    ],
    [
      'converted schemas to older models',
      OLD,
      [functionTool({ type: 'object', not: {}, properties: { a: { type: 'string' } } })],
      declared({ parameters: { type: 'object', properties: { a: { type: 'string' } } } }),
    ],
    ['no nil parameters', NEW, [functionTool(null)], declared({})],
    ['no nil parameters to older models', OLD, [functionTool(null)], declared({})],
    ['no empty parameters', NEW, [functionTool({})], declared({})],
    [
      'no object without properties to older models',
      OLD,
      [functionTool({ type: 'OBJECT', properties: {} })],
      declared({}),
    ],
    ['a plain google search', NEW, [{ type: 'google_search' }], [{ googleSearch: {} }]],
    [
      'domains of a google search',
      NEW,
      [{ type: 'google_search', google_search: { exclude_domains: ['a.com'] } }],
      [{ googleSearch: { excludeDomains: ['a.com'] } }],
    ],
    [
      'a time range of a google search',
      NEW,
      [
        {
          type: 'google_search',
          google_search: {
            time_range_filter: { start_time: '2024-01-01T00:00:00+02:00', end_time: '2024-02-01T00:00:00.5Z' },
          },
        },
      ],
      [
        {
          googleSearch: {
            timeRangeFilter: { startTime: '2024-01-01T00:00:00+02:00', endTime: '2024-02-01T00:00:00.5Z' },
          },
        },
      ],
    ],
    [
      'no time range that is none',
      NEW,
      [{ type: 'google_search', google_search: { time_range_filter: { start_time: '2024-13-99T00:00:00Z' } } }],
      [{ googleSearch: {} }],
    ],
    ['an enterprise search', NEW, [{ type: 'enterprise_search' }], [{ enterpriseWebSearch: {} }]],
    [
      'functions behind the other tools',
      NEW,
      [functionTool(), { type: 'google_search' }],
      [{ googleSearch: {} }, ...declared({})],
    ],
  ])('sends %s', (_, model, tools, expected) => {
    expect(toolsOf(model, ...tools)).toEqual(expected);
  });

  it.each([
    ['an array', [1]],
    ['a string', 'x'],
  ])('G10: refuses parameters that are %s with 422', (kind, parameters) => {
    expect(() => toolsOf(NEW, functionTool(parameters))).toThrow(UserFacingError);
    expect(() => toolsOf(NEW, functionTool(parameters))).toThrow(
      `"tools[0].function.parameters" must be a JSON schema object, found ${kind}`,
    );
  });

  it('refuses a schema of an older model with the place in it', () => {
    expect(() => toolsOf(OLD, functionTool({ properties: { a: { type: 1 } } }))).toThrow(
      'the schema member "tools[0].function.parameters.properties.a.type" must be a type',
    );
  });

  const [A, B] = ['a', 'b'].map((name) => ({ type: 'function', function: { name } }));
  const allowing = (...names: string[]) => {
    const tools = readTools({ tools: [A!, B!, { type: 'google_search' }] });
    return toTools(
      { tools, toolChoice: { kind: 'allowed', mode: 'auto', names } },
      new SchemaWriter(parseGeminiModel(NEW)),
      new Receipt(),
    );
  };

  it('G53: leaves out the tools that are not allowed', () => {
    expect(allowing('b')).toEqual([{ functionDeclarations: [{ name: 'b' }] }]);
  });

  it('G53: refuses a choice that allows only tools that are not there', () => {
    expect(() => allowing('c')).toThrow(
      new UserFacingError('"tool_choice" allows only tools that are not in "tools": name at least one that is'),
    );
  });
});

describe('toToolConfig', () => {
  it.each([
    [{ kind: 'auto' } as const, { mode: 'AUTO' }],
    [{ kind: 'none' } as const, { mode: 'NONE' }],
    [{ kind: 'required' } as const, { mode: 'ANY' }],
    [{ kind: 'function', name: 'f' } as const, { mode: 'ANY', allowedFunctionNames: ['f'] }],
    [{ kind: 'allowed', mode: 'required', names: ['f'] } as const, { mode: 'ANY' }],
    [{ kind: 'allowed', mode: 'auto', names: ['f'] } as const, { mode: 'AUTO' }],
  ])('reads %p', (choice, functionCallingConfig) => {
    expect(toToolConfig(choice)).toEqual({ functionCallingConfig });
  });
});
