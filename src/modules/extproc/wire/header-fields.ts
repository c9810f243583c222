import { isUtf8 } from 'node:buffer';
import type { ProtobufReader } from './protobuf-reader.js';

/** Looks up a header by its lower-case name. */
export interface HeaderLookup {
  get(name: string): string | undefined;
  /** True also for a value that is not UTF-8 and so cannot be read. */
  has(name: string): boolean;
}

/** Offsets kept per header: key start, key end, value start, value end. */
const STRIDE = 4;
const REPLACEMENT = '\uFFFD';

/**
 * Headers as Envoy sent them: offsets into the message, text made on demand, since a request uses four of twenty.
 * Repeated names read as one value joined by `, ` (RFC 9110 section 5.3); values that are not UTF-8 read as absent and so
 * stay untouched on the wire. Names are lower case already (Envoy's header map).
 */
export class HeaderFields implements HeaderLookup {
  readonly #buffer: Buffer;
  readonly #offsets: number[] = [];
  #map: Map<string, string> | undefined;

  /** `reader` stands on an `envoy.config.core.v3.HeaderMap`. */
  constructor(reader: ProtobufReader) {
    this.#buffer = reader.buffer;
    while (reader.next()) {
      if (reader.field !== 1) {
        reader.skip();
        continue;
      }
      const outerEnd = reader.enter();
      this.#addHeader(reader);
      reader.leave(outerEnd);
    }
  }

  get(name: string): string | undefined {
    if (this.#map) return this.#map.get(name);
    let found: string | undefined;
    for (let i = 0; i < this.#offsets.length; i += STRIDE) {
      if (!this.#isNamed(i, name)) continue;
      const value = this.#value(i);
      if (value !== undefined) found = found === undefined ? value : join(name, found, value);
    }
    return found;
  }

  has(name: string): boolean {
    for (let i = 0; i < this.#offsets.length; i += STRIDE) if (this.#isNamed(i, name)) return true;
    return false;
  }

  /** Names that begin with the prefix, each once. */
  namesWithPrefix(prefix: string): string[] {
    const names: string[] = [];
    const first = prefix.charCodeAt(0);
    for (let i = 0; i < this.#offsets.length; i += STRIDE) {
      if (this.#buffer[this.#offsets[i]!] !== first) continue;
      const name = this.#name(i);
      if (name.startsWith(prefix) && !names.includes(name)) names.push(name);
    }
    return names;
  }

  /** All readable headers; made once. */
  toMap(): ReadonlyMap<string, string> {
    if (this.#map) return this.#map;
    const map = new Map<string, string>();
    for (let i = 0; i < this.#offsets.length; i += STRIDE) {
      const value = this.#value(i);
      if (value === undefined) continue;
      const name = this.#name(i);
      const earlier = map.get(name);
      map.set(name, earlier === undefined ? value : join(name, earlier, value));
    }
    this.#map = map;
    return map;
  }

  #addHeader(reader: ProtobufReader): void {
    let keyStart = 0;
    let keyStop = 0;
    let valueStart = 0;
    let valueStop = 0;
    let hasValue = false;
    while (reader.next()) {
      // `value` counts when it is not empty, else `raw_value`.
      if (reader.field === 1) {
        reader.span();
        keyStart = reader.start;
        keyStop = reader.stop;
      } else if (reader.field === 2 || (reader.field === 3 && !hasValue)) {
        reader.span();
        if (reader.field === 2 && reader.start === reader.stop) continue;
        hasValue = reader.field === 2;
        valueStart = reader.start;
        valueStop = reader.stop;
      } else {
        reader.skip();
      }
    }
    this.#offsets.push(keyStart, keyStop, valueStart, valueStop);
  }

  #isNamed(i: number, name: string): boolean {
    const start = this.#offsets[i]!;
    return (
      this.#offsets[i + 1]! - start === name.length &&
      this.#buffer[start] === name.charCodeAt(0) &&
      this.#name(i) === name
    );
  }

  #name(i: number): string {
    return this.#buffer.toString('latin1', this.#offsets[i], this.#offsets[i + 1]);
  }

  #value(i: number): string | undefined {
    const text = this.#buffer.toString('utf8', this.#offsets[i + 2], this.#offsets[i + 3]);
    if (!text.includes(REPLACEMENT)) return text;
    return isUtf8(this.#buffer.subarray(this.#offsets[i + 2], this.#offsets[i + 3])) ? text : undefined;
  }
}

const join = (name: string, first: string, second: string) => `${first}${name === 'cookie' ? '; ' : ', '}${second}`;
