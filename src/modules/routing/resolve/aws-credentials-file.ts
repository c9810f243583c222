import type { BackendSecurityPolicy } from '../../../shared/api/ai-gateway.js';
import { parseCredentialsFile, type ProfileSettings } from '../../../shared/aws-credentials-file.js';
import { UserFacingError } from '../../../shared/errors.js';
import { Redacted } from '../../../shared/secret.js';
import { usableCredential } from '../../../shared/usable-credential.js';
import { error, warning, type Resolved } from './faults.js';

const DEFAULT_PROFILE = 'default';

/**
 * A credentials file of AWS at `path` of the policy. Of a profile other than the default one it comes alone, under the name
 * that the data plane takes. A default profile that is missing or has no keys is a warning: `AWS_PROFILE` of the External
 * Processor may name another one. @see spec api.md section 13 (row 6)
 */
export function resolveCredentialsFile(
  policy: BackendSecurityPolicy,
  file: Redacted<string>,
  profile: string | undefined,
  path: string,
): Resolved<Redacted<string>> {
  const name = profile || DEFAULT_PROFILE;
  let settings: ProfileSettings | undefined;
  try {
    settings = parseCredentialsFile(file.reveal()).get(name);
  } catch (cause) {
    if (!(cause instanceof UserFacingError)) throw cause;
    const message = `key "credentials" of the Secret is no credentials file of AWS, ${cause.message}`;
    return { faults: [error(policy, `${path}.secretRef`, 'InvalidSecret', message)] };
  }
  const problem = problemOf(name, settings);
  if (name === DEFAULT_PROFILE) {
    const others =
      'requests are refused unless AWS_PROFILE of the External Processor names another profile of the file';
    const faults = problem ? [warning(policy, `${path}.profile`, 'InvalidSecret', `${problem}; ${others}`)] : [];
    return { value: file, faults };
  }
  if (!settings || problem) return { faults: [error(policy, `${path}.profile`, 'InvalidSecret', problem ?? '')] };
  const lines = [...settings].map(([setting, value]) => `${setting} = ${value}\n`);
  return { value: new Redacted(`[${DEFAULT_PROFILE}]\n${lines.join('')}`), faults: [] };
}

function problemOf(name: string, settings: ProfileSettings | undefined): string | undefined {
  if (!settings) return `the credentials file has no profile "${name}": add it, or name another one`;
  const missing = REQUIRED.find((setting) => usableCredential(settings.get(setting)) === undefined);
  return missing && `profile "${name}" of the credentials file has no usable ${missing}: add it`;
}

const REQUIRED = ['aws_access_key_id', 'aws_secret_access_key'] as const;
