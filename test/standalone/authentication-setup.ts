import { expect } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { json } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { send, type Received } from '../harness/http-client.js';
import { TemporaryDirectory } from '../harness/temporary-directory.js';
import { TestUpstream } from '../harness/test-upstream.js';
import { authenticationWorld, type RouteSetup, type WorldSetup } from './authentication-world.js';
import { GatewayUnderTest } from './gateway-under-test.js';

export const CHAT = '/v1/chat/completions';
export const messages = [{ role: 'user', content: 'ping' }];
const ANSWER = { object: 'chat.completion', model: 'm', choices: [], usage: { total_tokens: 1 } };

const ends: (() => Promise<unknown>)[] = [];
const directory = new TemporaryDirectory();
/** Ends all gateways and providers. */
export async function endAll(): Promise<void> {
  await Promise.all(ends.map((end) => end()));
  directory.remove();
}

export type Headers = Readonly<Record<string, string>>;

/** A gateway with a provider for each route; providers count their requests. */
export class Setup {
  private constructor(
    readonly gateway: GatewayUnderTest,
    readonly providers: ReadonlyMap<string, TestUpstream>,
  ) {}

  static async start(routes: readonly Omit<RouteSetup, 'providerPort'>[], world: Omit<WorldSetup, 'routes'> = {}) {
    const providers = new Map<string, TestUpstream>();
    for (const { name } of routes) providers.set(name, await TestUpstream.start());
    const file = directory.file(`${newCase('world')}.yaml`);
    const withPorts = routes.map((route) => ({ ...route, providerPort: providers.get(route.name)!.port }));
    writeFileSync(file, authenticationWorld({ ...world, routes: withPorts }));
    const gateway = await GatewayUnderTest.start(file);
    ends.push(() => gateway.end(), ...[...providers.values()].map((one) => () => one.close()));
    return new Setup(gateway, providers);
  }

  /** Sends a chat for the model of a route, and gives what its provider got: at most one request. */
  async chat(route: string, headers: Headers = {}, { path = CHAT, port = this.gateway.ports.listener } = {}) {
    const caseId = newCase(route);
    const provider = this.providers.get(route)!;
    provider.script(caseId, json(ANSWER));
    const response = await send(port, path, { caseId, headers, body: { model: `model-${route}`, messages } });
    const [request, ...more] = provider.requests(caseId);
    expect(more).toEqual([]);
    return { response, request };
  }

  send(path: string, message: Parameters<typeof send>[2]): Promise<Received> {
    return send(this.gateway.ports.listener, path, message);
  }

  /** Requests that the provider of a route has had. */
  served(route: string): number {
    return this.providers.get(route)!.served;
  }
}
