import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const NAME = `${FOLDER}checked-values.ts`;

/**
 * What TypeScript says when these values are written as literals of a type; empty when all of them are. Members that the
 * type does not know are errors, at every depth. Enums of the type are taken as the texts that they stand for.
 * @param type Text of a type, with its imports in front: `['import type { A } from "b";', 'A']`
 */
export function typeErrors([imports, type]: readonly [string, string], values: readonly unknown[]): readonly string[] {
  const source = [
    imports,
    'type Wire<T> = T extends string ? `${T}` : T extends readonly (infer E)[] ? Wire<E>[]',
    '  : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;',
    `type Checked = Wire<${type}>;`,
    ...values.map((value, index) => `export const value${index}: Checked = ${JSON.stringify(value)};`),
  ].join('\n');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const files = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...files,
    fileExists: (name) => name === NAME || files.fileExists(name),
    readFile: (name) => (name === NAME ? source : files.readFile(name)),
    getSourceFile: (name, ...more) =>
      name === NAME ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023) : files.getSourceFile(name, ...more),
  };
  const program = ts.createProgram([NAME], options, host);
  const file = program.getSourceFile(NAME);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}
