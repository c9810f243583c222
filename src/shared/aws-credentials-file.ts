import { UserFacingError } from './errors.js';

/** Settings of one profile by lower-case name, e.g. `aws_access_key_id`. */
export type ProfileSettings = ReadonlyMap<string, string>;

/**
 * Reads a shared credentials file of AWS (INI text): sections are profiles, of a name given twice the later value counts.
 * Comments (`#`, `;`, also behind a value and a blank), blanks around names and values, a byte order mark and every kind of
 * line break are taken. Settings indented below a name without value belong to that name and are left out.
 *
 * @throws UserFacingError that names the line; never a value
 */
export function parseCredentialsFile(text: string): ReadonlyMap<string, ProfileSettings> {
  const profiles = new Map<string, Map<string, string>>();
  let profile: Map<string, string> | undefined;
  let blockIndent = NO_BLOCK;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = raw.replace(/(^|\s)[#;].*$/, '').trim();
    if (line === '') continue;
    const indent = raw.search(/\S/);
    const refuse = (reason: string) => new UserFacingError(`line ${index + 1}: ${reason}`);
    if (line.startsWith('[')) {
      profile = sectionOf(profiles, line, refuse);
      blockIndent = NO_BLOCK;
      continue;
    }
    if (indent > blockIndent) continue;
    const equals = line.indexOf('=');
    if (equals < 1) throw refuse('expected "name = value", a [profile] or a comment');
    if (!profile) throw refuse('a setting stands before the first [profile]; put "[default]" in front of it');
    const value = line.slice(equals + 1).trim();
    profile.set(line.slice(0, equals).trim().toLowerCase(), value);
    blockIndent = value === '' ? indent : NO_BLOCK;
  }
  return profiles;
}

const NO_BLOCK = Number.POSITIVE_INFINITY;

function sectionOf(
  profiles: Map<string, Map<string, string>>,
  line: string,
  refuse: (reason: string) => UserFacingError,
): Map<string, string> {
  const name = /^\[([^\]]+)\]$/.exec(line)?.[1]?.trim();
  if (!name) throw refuse('expected a profile name in brackets, e.g. "[default]", and nothing behind it');
  const settings = profiles.get(name) ?? new Map<string, string>();
  profiles.set(name, settings);
  return settings;
}
