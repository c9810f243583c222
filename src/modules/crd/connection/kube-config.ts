import { accessSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import {
  newClusters,
  newContexts,
  newUsers,
  type Cluster,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import { UserFacingError } from '../../../shared/errors.js';
import { credentialsOf } from './api-credentials.js';
import type { ClusterConnection } from './cluster-connection.js';

/*
 * The package's own KubeConfig class loads every generated API class, which costs 80 MiB of resident memory (measured:
 * 125 MiB against 45 MiB). Its parsers of clusters, users and contexts and its exec plugin are taken by file instead; what
 * is left for us is where the file lies.
 */

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What a kubeconfig comes to once its current context is chosen. */
interface Chosen {
  readonly cluster: Cluster;
  readonly user: User | undefined;
  readonly namespace: string | undefined;
}

/**
 * The API server that `KUBECONFIG` names, else the one of the cluster that this process runs in, else the one of
 * `~/.kube/config`. Throws UserFacingError when there is none or a file cannot be used. @see spec controller.md section 2
 */
export function loadClusterConnection(
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): ClusterConnection {
  return connectionOf(choose(env, home));
}

function choose(env: NodeJS.ProcessEnv, home: string): Chosen {
  const files = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) return fromFiles(files);
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host && port) return fromServiceAccount(host, port);
  const file = join(home, '.kube', 'config');
  if (isReadable(file)) return fromFiles([file]);
  throw new UserFacingError(
    `cannot find an API server: KUBECONFIG is not set, this is not a pod of a cluster (no KUBERNETES_SERVICE_HOST), and ` +
      `there is no ${file}; set KUBECONFIG`,
  );
}

function fromServiceAccount(host: string, port: string): Chosen {
  return {
    cluster: {
      name: 'in-cluster',
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      caFile: `${SERVICE_ACCOUNT}/ca.crt`,
      skipTLSVerify: false,
    },
    user: { name: 'in-cluster', authProvider: { config: { tokenFile: `${SERVICE_ACCOUNT}/token` } } },
    namespace: isReadable(`${SERVICE_ACCOUNT}/namespace`)
      ? readFileSync(`${SERVICE_ACCOUNT}/namespace`, 'utf8').trim()
      : undefined,
  };
}

/** As kubectl merges: of two entries with one name, and of two current contexts, the first counts. */
function fromFiles(files: readonly string[]): Chosen {
  const parsed = files.map(parseFile);
  const list = files.join(delimiter);
  const current = parsed.map(({ currentContext }) => currentContext).find((name) => name !== undefined);
  if (current === undefined) throw new UserFacingError(`cannot use kubeconfig ${list}: current-context is not set`);
  const context = find(
    parsed.flatMap(({ contexts }) => contexts),
    current,
    'context',
    list,
  );
  const users = parsed.flatMap(({ users }) => users);
  return {
    cluster: find(
      parsed.flatMap(({ clusters }) => clusters),
      context.cluster,
      'cluster',
      list,
    ),
    user: context.user ? find(users, context.user, 'user', list) : undefined,
    namespace: context.namespace,
  };
}

function find<T extends { readonly name: string }>(entries: readonly T[], name: string, what: string, file: string): T {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new UserFacingError(`cannot use kubeconfig ${file}: there is no ${what} "${name}"`);
  return entry;
}

function parseFile(file: string) {
  try {
    const document = Object(parse(readFileSync(file, 'utf8'))) as Readonly<Record<string, unknown>>;
    const directory = dirname(file);
    const absolute = (path: string | null | undefined) =>
      path && !isAbsolute(path) ? join(directory, path) : (path ?? undefined);
    const clusters = newClusters(document['clusters']);
    const users = newUsers(document['users']);
    for (const cluster of clusters) setPath(cluster, 'caFile', absolute(cluster.caFile));
    for (const user of users) {
      setPath(user, 'certFile', absolute(user.certFile));
      setPath(user, 'keyFile', absolute(user.keyFile));
    }
    const currentContext = document['current-context'];
    return {
      clusters,
      users,
      contexts: newContexts(document['contexts']),
      currentContext: typeof currentContext === 'string' && currentContext !== '' ? currentContext : undefined,
    };
  } catch (error) {
    throw new UserFacingError(`cannot read kubeconfig ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function setPath<K extends string>(entry: { [key in K]?: string }, key: K, path: string | undefined): void {
  if (path === undefined) delete entry[key];
  else entry[key] = path;
}

function connectionOf({ cluster, user, namespace }: Chosen): ClusterConnection {
  if (cluster.proxyUrl)
    throw new UserFacingError(
      `cannot use cluster "${cluster.name}": proxy-url is not supported; reach ${cluster.server} without it`,
    );
  const { caData, caFile } = cluster;
  const ca = caData ? Buffer.from(caData, 'base64').toString('utf8') : undefined;
  return {
    server: new URL(cluster.server),
    namespace,
    tls: {
      rejectUnauthorized: !cluster.skipTLSVerify,
      ...(cluster.tlsServerName && { servername: cluster.tlsServerName }),
    },
    credentials: credentialsOf(user, ca ?? (caFile ? { file: caFile } : undefined)),
  };
}

function isReadable(file: string): boolean {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
}
