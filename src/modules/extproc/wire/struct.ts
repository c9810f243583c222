import type { ProtobufReader } from './protobuf-reader.js';

export type StructValue = null | number | string | boolean | StructObject | readonly StructValue[];
export interface StructObject {
  readonly [name: string]: StructValue;
}

/** Envoy nests attributes and metadata a few levels deep; the bound keeps a hostile peer from exhausting the stack. */
const MAX_DEPTH = 64;

/** Reads a `google.protobuf.Struct` on which `reader` stands. */
export function readStruct(reader: ProtobufReader, depth = 0): StructObject {
  const object: Record<string, StructValue> = Object.create(null) as Record<string, StructValue>;
  while (reader.next()) {
    if (reader.field === 1) readMapEntry(reader.message(), (key, value) => (object[key] = readValue(value, depth + 1)));
    else reader.skip();
  }
  return object;
}

/** Reads one entry of a protobuf map whose values are messages. */
export function readMapEntry(reader: ProtobufReader, onEntry: (key: string, value: ProtobufReader) => void): void {
  let key = '';
  let value: ProtobufReader | undefined;
  while (reader.next()) {
    if (reader.field === 1) key = reader.string();
    else if (reader.field === 2) value = reader.message();
    else reader.skip();
  }
  if (value) onEntry(key, value);
}

function readValue(reader: ProtobufReader, depth: number): StructValue {
  let value: StructValue = null;
  while (reader.next()) {
    switch (reader.field) {
      case 2:
        value = reader.double();
        break;
      case 3:
        value = reader.string();
        break;
      case 4:
        value = reader.varint() !== 0;
        break;
      case 5:
        value = depth < MAX_DEPTH ? readStruct(reader.message(), depth) : skipped(reader);
        break;
      case 6:
        value = depth < MAX_DEPTH ? readList(reader.message(), depth) : skipped(reader);
        break;
      default:
        reader.skip();
    }
  }
  return value;
}

function readList(reader: ProtobufReader, depth: number): readonly StructValue[] {
  const list: StructValue[] = [];
  while (reader.next()) {
    if (reader.field === 1) list.push(readValue(reader.message(), depth + 1));
    else reader.skip();
  }
  return list;
}

function skipped(reader: ProtobufReader): null {
  reader.skip();
  return null;
}
