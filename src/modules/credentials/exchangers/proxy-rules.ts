export type Environment = Readonly<Record<string, string | undefined>>;

/** Which proxy a call goes through, by the scheme of its URL; empty: none. */
export interface ProxyRule {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  /** Comma-separated hosts, domains and ports that are called directly; `*` for all. */
  readonly noProxy: string;
}

export interface ProxyRules {
  readonly aws: ProxyRule;
  readonly azure: ProxyRule;
  readonly gcp: ProxyRule;
  /** OpenID providers and Google credential files. */
  readonly standard: ProxyRule;
  /** Metadata services of the machine: never through a proxy. */
  readonly direct: ProxyRule;
}

/**
 * A proxy variable of ours replaces the standard ones for its cloud, NO_PROXY included. Throws when one is no URL of a proxy:
 * calls that silently go around the proxy would be worse.
 *
 * @see spec controller.md section 2 (environment)
 */
export function proxyRules(environment: Environment): ProxyRules {
  const standard = {
    httpProxy: proxyOf(environment, 'http_proxy', 'HTTP_PROXY'),
    httpsProxy: proxyOf(environment, 'https_proxy', 'HTTPS_PROXY'),
    noProxy: environment['no_proxy'] ?? environment['NO_PROXY'] ?? '',
  };
  const own = (name: string): ProxyRule => {
    const proxy = proxyOf(environment, name);
    return proxy ? { httpProxy: proxy, httpsProxy: proxy, noProxy: '' } : standard;
  };
  return {
    aws: own('AI_GATEWAY_STS_PROXY_URL'),
    azure: own('AI_GATEWAY_AZURE_PROXY_URL'),
    gcp: own('AI_GATEWAY_GCP_AUTH_PROXY_URL'),
    standard,
    direct: { httpProxy: '', httpsProxy: '', noProxy: '*' },
  };
}

/** The value is not in the message: proxy URLs hold passwords. */
function proxyOf(environment: Environment, ...names: readonly string[]): string {
  for (const name of names) {
    const value = environment[name]?.trim();
    if (!value) continue;
    if (['http:', 'https:', 'socks5:'].includes(URL.parse(value)?.protocol ?? '') && URL.parse(value)?.hostname)
      return value;
    // As curl and Go take the standard variables.
    if (!value.includes('://') && URL.parse(`http://${value}`)?.hostname) return `http://${value}`;
    throw new Error(
      `cannot use environment variable ${name}: expected the URL of a proxy such as http://proxy.example:3128; ` +
        'correct it or take it out',
    );
  }
  return '';
}
