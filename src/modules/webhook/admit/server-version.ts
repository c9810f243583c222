/** First Kubernetes version whose sidecar containers are stable. */
const NATIVE_SIDECARS_SINCE = { major: 1, minor: 33 };

/**
 * Whether a server runs native sidecars, by `major` and `minor` of `/version`. Some providers add a suffix to the minor
 * version (`33+`): only the digits count. @see spec controller.md sections 11 and 19 (row 19)
 */
export function hasNativeSidecars(version: { readonly major: string; readonly minor: string }): boolean {
  const major = Number.parseInt(version.major, 10);
  const minor = Number.parseInt(version.minor, 10);
  if (Number.isNaN(major) || Number.isNaN(minor)) return false;
  if (major !== NATIVE_SIDECARS_SINCE.major) return major > NATIVE_SIDECARS_SINCE.major;
  return minor >= NATIVE_SIDECARS_SINCE.minor;
}
