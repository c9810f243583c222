/** Bytes that break the rules of their framing (a bad checksum, an event above the bound): nothing behind them can be read. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}
