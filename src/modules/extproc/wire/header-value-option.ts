/** Tags of protobuf fields: `number << 3 | wire type`. @see envoy/config/core/v3/base.proto */
const OPTION_HEADER = (1 << 3) | 2;
const OPTION_APPEND_ACTION = (3 << 3) | 0;
const HEADER_KEY = (1 << 3) | 2;
const HEADER_RAW_VALUE = (3 << 3) | 2;
const OVERWRITE_IF_EXISTS_OR_ADD = 2;

/**
 * Encodes `envoy.config.core.v3.HeaderValueOption` with `header {key, raw_value}` and `append_action` overwrite, without
 * the tag of the field that will hold it. Only `raw_value` is filled, since Envoy reads nothing else, and the action is
 * always given, since its default is under discussion upstream (extproc.md 4.1, X23).
 */
export function encodeHeaderValueOption(name: string, value: string): Uint8Array {
  const nameSizeBytes = Buffer.byteLength(name);
  const valueSizeBytes = Buffer.byteLength(value);
  const headerSizeBytes = 2 + varintSize(nameSizeBytes) + nameSizeBytes + varintSize(valueSizeBytes) + valueSizeBytes;
  const out = Buffer.allocUnsafe(1 + varintSize(headerSizeBytes) + headerSizeBytes + 2);
  let at = 0;
  out[at++] = OPTION_HEADER;
  at = writeVarint(out, at, headerSizeBytes);
  out[at++] = HEADER_KEY;
  at = writeVarint(out, at, nameSizeBytes);
  at += out.write(name, at);
  out[at++] = HEADER_RAW_VALUE;
  at = writeVarint(out, at, valueSizeBytes);
  at += out.write(value, at);
  out[at++] = OPTION_APPEND_ACTION;
  out[at] = OVERWRITE_IF_EXISTS_OR_ADD;
  return out;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) size += 1;
  return size;
}

function writeVarint(out: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  return at;
}
