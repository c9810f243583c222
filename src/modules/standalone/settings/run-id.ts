/** `YYYYMMDD_HHMMSS_UUU` in local time; `UUU` are the last three digits of the microseconds. @see spec ops.md A1 */
export function runIdAt(now: Date, microseconds: number): string {
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const day = `${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}`;
  const time = `${pad(now.getHours())}${pad(now.getMinutes())}${pad(now.getSeconds())}`;
  return `${day}_${time}_${pad(Math.floor(microseconds) % 1_000, 3)}`;
}
