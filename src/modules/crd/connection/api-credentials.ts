import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import { UserFacingError } from '../../../shared/errors.js';

/** How long what was read from a file counts; client-go rereads token files as often. */
const FRESH_MS = 60_000;
/** A plugin that hangs must not hang every request with it. */
const PLUGIN_TIMEOUT_MS = 30_000;

/** What goes into one request. PEM texts; equal texts share connections. */
export interface RequestCredentials {
  readonly authorization?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Certificate authority: PEM text, or a file that is reread when it may have changed. */
type Authority = string | { readonly file: string } | undefined;

/** Credentials for requests, read again once a minute and after a 401. */
export class ApiCredentials {
  readonly #read: () => Promise<RequestCredentials>;
  readonly #nowMs: () => number;
  #current: Promise<RequestCredentials> | undefined;
  #readAtMs = 0;

  constructor(read: () => Promise<RequestCredentials>, nowMs: () => number = () => performance.now()) {
    this.#read = read;
    this.#nowMs = nowMs;
  }

  /** Rejects with UserFacingError when a file or plugin gives none. */
  async get(): Promise<RequestCredentials> {
    if (this.#current && this.#nowMs() - this.#readAtMs < FRESH_MS) return await this.#current;
    const reading = this.#read();
    this.#current = reading;
    this.#readAtMs = this.#nowMs();
    try {
      return await reading;
    } catch (error) {
      if (this.#current === reading) this.#current = undefined;
      throw error;
    }
  }

  /** The API server refused them. */
  invalidate(): void {
    this.#current = undefined;
  }
}

export function credentialsOf(user: User | undefined, authority: Authority): ApiCredentials {
  const own = userCredentials(user);
  return new ApiCredentials(async () => {
    const [ca, credentials] = await Promise.all([
      typeof authority === 'object' ? readText(authority.file) : authority,
      own(),
    ]);
    return { ...(ca !== undefined && { ca }), ...credentials };
  });
}

function userCredentials(user: User | undefined): () => Promise<RequestCredentials> {
  if (!user) return () => Promise.resolve({});
  const tokenFile = tokenFileOf(user);
  if (user.exec) return execCredentials(user);
  if (user.impersonateUser) throw unsupported(user, 'impersonation ("as")');
  if (user.authProvider && tokenFile === undefined) throw unsupported(user, 'auth-provider');
  return async () => {
    const cert = user.certData ? fromBase64(user.certData) : user.certFile && (await readText(user.certFile));
    const key = user.keyData ? fromBase64(user.keyData) : user.keyFile && (await readText(user.keyFile));
    const token = tokenFile === undefined ? user.token : await readText(tokenFile);
    const authorization = token
      ? `Bearer ${token.trim()}`
      : user.username && `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
    return { ...(authorization && { authorization }), ...(cert && { cert }), ...(key && { key }) };
  };
}

function unsupported({ name }: User, what: string): UserFacingError {
  return new UserFacingError(
    `cannot use user "${name}" of the kubeconfig: ${what} is not supported; use a token, a client certificate or exec`,
  );
}

function tokenFileOf(user: User): string | undefined {
  const provider = user.authProvider as { readonly config?: { readonly tokenFile?: unknown } } | null | undefined;
  const file = provider?.config?.tokenFile;
  return typeof file === 'string' ? file : undefined;
}

/** Plugins of client-go's framework refuse to run without this variable. */
function execCredentials(user: User): () => Promise<RequestCredentials> {
  const exec = user.exec as { readonly apiVersion?: string; readonly env?: readonly object[] };
  const info = {
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false },
  };
  const env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }];
  const plugin: User = { ...user, exec: { ...exec, env } };
  // Keeps what the plugin gave until it expires.
  const auth = new ExecAuth();
  return async () => {
    const found: RequestOptions = { headers: {} };
    await limited(auth.applyAuthentication(plugin, found), user.name);
    const { Authorization: authorization } = found.headers as Readonly<Record<string, string>>;
    const { cert, key } = found;
    return {
      ...(authorization !== undefined && { authorization }),
      ...(typeof cert === 'string' && { cert }),
      ...(typeof key === 'string' && { key }),
    };
  };
}

async function limited(plugin: Promise<void>, user: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${PLUGIN_TIMEOUT_MS} ms`)), PLUGIN_TIMEOUT_MS);
  });
  try {
    await Promise.race([plugin, late]);
  } catch (error) {
    throw new UserFacingError(`cannot get credentials of user "${user}" from its exec plugin: ${String(error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserFacingError(`cannot read ${file} for the API server: ${(error as Error).message}`, { cause: error });
  }
}

const fromBase64 = (data: string) => Buffer.from(data, 'base64').toString('utf8');
