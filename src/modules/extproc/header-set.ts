/** One header to be set, overwriting what is there. */
export interface HeaderSet {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  /**
   * The same as encoded `HeaderValueOption` (protobuf body without its field tag), for values that are known when the
   * configuration is loaded; saves encoding on each request.
   */
  readonly encoded?: Uint8Array;
}
