import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { anyPack, anyUnpack, type Any } from '@bufbuild/protobuf/wkt';

/** The message inside, or undefined when there is none, it has another type, or its bytes cannot be decoded. */
export function unpack<Desc extends DescMessage>(any: Any | undefined, schema: Desc): MessageShape<Desc> | undefined {
  if (any === undefined) return undefined;
  try {
    return anyUnpack(any, schema);
  } catch {
    return undefined;
  }
}

/** `message` as `Any`; `existing` itself when it already holds the same bytes. */
export function packKeeping<Desc extends DescMessage>(
  existing: Any | undefined,
  schema: Desc,
  message: MessageShape<Desc>,
): Any {
  return keeping(existing, anyPack(schema, message));
}

/** `packed`; `existing` itself when it holds the same bytes. */
export const keeping = (existing: Any | undefined, packed: Any): Any =>
  existing?.typeUrl === packed.typeUrl && Buffer.compare(existing.value, packed.value) === 0 ? existing : packed;
