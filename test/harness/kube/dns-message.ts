/** RFC 1035 section 4.1: header, then one question. */
const HEADER_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;
const NAME_MISSING = 3;
/** Short, so that nothing outlives a test. */
const TTL_SECONDS = 1;

/** IPv4 addresses of a name in lower case without final dot; undefined when there is no such name. */
export type AddressesOf = (name: string) => readonly string[] | undefined;

/**
 * Answer to a query with one question: the addresses for type A, nothing for other types, "no such name" for names
 * without addresses. Undefined for what is no such query.
 */
export function dnsAnswer(query: Uint8Array, addressesOf: AddressesOf): Buffer | undefined {
  const question = readQuestion(Buffer.from(query));
  if (!question) return undefined;
  const addresses = addressesOf(question.name);
  const records = question.type === TYPE_A ? (addresses ?? []).map(addressRecord) : [];
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(Buffer.from(query).readUInt16BE(0), 0);
  // Response, authoritative, recursion desired and available.
  header.writeUInt16BE(0x8580 | (addresses ? 0 : NAME_MISSING), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question.bytes, ...records]);
}

function readQuestion(query: Buffer): { name: string; type: number; bytes: Buffer } | undefined {
  const isQuery = query.length > HEADER_BYTES && (query.readUInt16BE(2) & 0x8000) === 0 && query.readUInt16BE(4) === 1;
  if (!isQuery) return undefined;
  const labels: string[] = [];
  let position = HEADER_BYTES;
  for (;;) {
    const length = query[position];
    // Lengths above 63 are pointers, which a question has no use for.
    if (length === undefined || length > 63) return undefined;
    position += 1;
    if (length === 0) break;
    labels.push(query.toString('latin1', position, position + length).toLowerCase());
    position += length;
  }
  if (query.length < position + 4) return undefined;
  const bytes = query.subarray(HEADER_BYTES, position + 4);
  return { name: labels.join('.'), type: query.readUInt16BE(position), bytes };
}

function addressRecord(address: string): Buffer {
  const data = Buffer.from(address.split('.').map(Number));
  const record = Buffer.alloc(12);
  // The name: a pointer to the one in the question.
  record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(TTL_SECONDS, 6);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([record, data]);
}
