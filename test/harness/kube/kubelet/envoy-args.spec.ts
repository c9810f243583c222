import { describe, expect, it } from '@jest/globals';
import { envoyArgs } from './envoy-args.js';

const BOOTSTRAP = `
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 19000}}}
static_resources:
  clusters:
  - load_assignment: {endpoints: [{address: {socket_address: {address: a.svc.cluster.local, port_value: 18000}}}]}
`;

describe('envoyArgs', () => {
  const given = ['--service-node', 'p', '--config-yaml', BOOTSTRAP, '--cpuset-threads', '--log-level', 'warn'];
  const args = envoyArgs(given, { ports: new Map([[19_000, 20_001]]), dnsPort: 5353 });
  const bootstrap = JSON.parse(args[3]!) as Record<string, unknown>;

  it('moves the ports that are to be moved, and no others', () => {
    expect(JSON.stringify(bootstrap['admin'])).toContain('"port_value":20001');
    expect(JSON.stringify(bootstrap['static_resources'])).toContain('"port_value":18000');
  });

  it('has names resolved by the given name server', () => {
    expect(JSON.stringify(bootstrap['typed_dns_resolver_config'])).toContain('"port_value":5353');
  });

  it('keeps the other arguments but for the number of workers', () => {
    expect(args.toSpliced(3, 1).join(' ')).toBe(
      '--service-node p --config-yaml --log-level warn --concurrency 1 --use-dynamic-base-id',
    );
  });

  it('refuses arguments without a bootstrap', () => {
    expect(() => envoyArgs(['-c', 'x'], { ports: new Map(), dnsPort: 1 })).toThrow('no --config-yaml');
  });
});
