import type { EnvVar, KeyRef, Pod } from './pod.js';
import type { ObjectKind, ReadObject } from './volume-files.js';

/** `$(NAME)` becomes the variable's value, `$$(NAME)` the text `$(NAME)`; unknown names stay as they are. */
export const expand = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$(\$?)\(([^()]+)\)/g, (whole, escape: string, name: string) =>
    escape ? `$(${name})` : (variables[name] ?? whole),
  );

/** The environment of a container: values, fields of its Pod, keys of Secrets and ConfigMaps. */
export async function containerEnvironment(
  pod: Pod,
  env: readonly EnvVar[],
  read: ReadObject,
): Promise<Readonly<Record<string, string>>> {
  const variables: Record<string, string> = {};
  for (const { name, value = '', valueFrom } of env) {
    if (!valueFrom) variables[name] = expand(value, variables);
    else if (valueFrom.fieldRef) variables[name] = podField(pod, valueFrom.fieldRef.fieldPath);
    else {
      const found = await keyValue(
        valueFrom.secretKeyRef ? 'Secret' : 'ConfigMap',
        valueFrom.secretKeyRef ?? valueFrom.configMapKeyRef,
        read,
      );
      if (found !== undefined) variables[name] = found;
    }
  }
  return variables;
}

async function keyValue(kind: ObjectKind, ref: KeyRef | undefined, read: ReadObject): Promise<string | undefined> {
  if (!ref) throw new Error('a variable with a source that is not known here');
  const content = (await read(kind, ref.name))?.get(ref.key);
  if (!content && !ref.optional) throw new Error(`${kind} ${ref.name} has no key ${ref.key}`);
  return content?.toString('utf8');
}

function podField({ metadata, spec, status }: Pod, path: string): string {
  const keyed = /^metadata\.(annotations|labels)\['([^']+)'\]$/.exec(path);
  if (keyed) return metadata[keyed[1] as 'annotations' | 'labels']?.[keyed[2]!] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'status.podIP': status?.podIP,
  };
  if (!Object.hasOwn(fields, path)) throw new Error(`the field ${path} of a Pod is not known here`);
  return fields[path] ?? '';
}
