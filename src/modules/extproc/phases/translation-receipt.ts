/** Characters of a receipt in a header or in metadata. */
const RECEIPT_CHARACTERS_MAX = 1024;
const NOT_PRINTABLE = /[^!-~]/g;

/**
 * A receipt as text for access logs and headers: JSON paths with commas between them, '' when nothing was dropped. Member
 * names are the client's: what a header may not hold reads as `?`.
 */
export function receiptText(dropped: readonly string[]): string {
  if (dropped.length === 0) return '';
  const text = dropped.map((path) => path.replace(NOT_PRINTABLE, '?')).join(',');
  return text.length <= RECEIPT_CHARACTERS_MAX ? text : `${text.slice(0, RECEIPT_CHARACTERS_MAX - 3)}...`;
}
