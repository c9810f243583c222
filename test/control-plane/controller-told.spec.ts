import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConditionedObject } from '../../src/shared/api/conditions.js';
import type { KubeObject } from '../../src/shared/api/kube-object.js';
import { extProcServiceName } from '../../src/shared/extproc-pod/service.js';
import { eventually } from '../harness/eventually.js';
import type { ControllerProcess } from '../harness/kube/controller-process.js';
import {
  aiRef,
  backendYaml,
  ControllerWorld,
  ENVOY_GATEWAY_NAMESPACE,
  gatewayYaml,
  routeYaml,
} from './controller-world.js';

/** Longer than any wait of the controller before a second try, the one after a refusal aside. */
const IDLE_MS = 10_000;
const MEBIBYTE = 1024 * 1024;

describe('what the controller says of what it cannot do', () => {
  let world: ControllerWorld;
  let controller: ControllerProcess;

  beforeAll(async () => {
    world = await ControllerWorld.start(['controller.watch.namespaces={default}', 'extProc.mode=deployment']);
    controller = await world.controller();
    await world.cluster.api.ensureNamespace('far');
    await world.apply(gatewayYaml('edge'));
    await world.apply(backendYaml('openai', 'PLANTED-openai-key'));
  }, 120_000);

  afterAll(async () => {
    await world.stop();
  }, 60_000);

  const conditions = async (name: string) =>
    (await world.cluster.api.exists<ConditionedObject>(aiRef('AIGatewayRoute', name))).status?.conditions ?? [];
  const events = async (kind: string, name: string) =>
    await world.cluster.kubectl.run(
      'get',
      'events',
      '-n',
      'default',
      '--field-selector',
      `involvedObject.kind=${kind},involvedObject.name=${name}`,
    );
  /** A number that the controller counts, over all of its series of a name. */
  async function counted(metric: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${controller.ports.health}/metrics`)).text();
    const values = text
      .split('\n')
      .flatMap((line) => new RegExp(`^${metric}(?:{[^}]*})? (\\S+)`).exec(line)?.[1] ?? []);
    return values.reduce((sum, value) => sum + Number(value), 0);
  }

  describe('backends of one rule that serve different endpoints', () => {
    it('are named in a condition of the route, and each backend says what it serves', async () => {
      await world.apply(backendYaml('cohere', 'PLANTED-cohere-key').replace('name: OpenAI', 'name: Cohere'));
      await world.apply(routeYaml('mixed', ['edge'], '{ name: openai }, { name: cohere, priority: 1 }'));
      await world.apply(routeYaml('plain', ['edge'], '{ name: openai }'));
      const ref = aiRef('AIGatewayRoute', 'mixed');
      const differs = await world.condition(ref, 'EndpointsUniform', ({ status }) => status === 'False');
      expect(differs).toMatchObject({ reason: 'EndpointsDiffer', observedGeneration: 1 });
      expect(differs.message).toContain('spec.rules[0]: openai (OpenAI) answers 400 to rerank, cohere (Cohere)');
      const served = await world.condition(aiRef('AIServiceBackend', 'cohere'), 'Accepted');
      expect(served.message).toContain('Schema Cohere serves embeddings, rerank.');
      await world.condition(aiRef('AIGatewayRoute', 'plain'), 'Accepted');
      expect((await conditions('plain')).map(({ type }) => type)).not.toContain('EndpointsUniform');
      expect(await world.cluster.kubectl.run('get', 'aigatewayroutes', '-n', 'default')).toMatch(/mixed +Accepted/);
      await eventually('an Event', async () => (await events('AIGatewayRoute', 'mixed')).includes('EndpointsDiffer'));
      await world.apply(routeYaml('mixed', ['edge'], '{ name: openai }'));
      await eventually('the condition to go', async () =>
        (await conditions('mixed')).every(({ type }) => type !== 'EndpointsUniform'),
      );
    }, 60_000);
  });

  describe('models behind a regular expression', () => {
    const annotation = 'aigateway.envoyproxy.io/models';

    it('are told until the annotation alone lists one, and appear in the filter config', async () => {
      const yaml = routeYaml('patterns', ['edge'], '{ name: openai }');
      await world.apply(yaml.replace('value: model-of-patterns', "type: RegularExpression, value: 'gpt-[0-9]+'"));
      const ref = aiRef('AIGatewayRoute', 'patterns');
      const accepted = (text: string) =>
        world.condition(ref, 'Accepted', ({ status, message }) => status === 'True' && message.includes(text));
      expect((await accepted('do not appear in model lists')).message).toContain(`in the annotation ${annotation}`);
      const annotate = (names: string) =>
        world.cluster.kubectl.run('annotate', '--overwrite', 'aigatewayroute', 'patterns', '-n', 'default', names);
      await annotate(`${annotation}=gpt-5, gpt-image`);
      await world.configured('edge', 'the listed model', (text) => text.includes('"Name":"gpt-5"'));
      const { message } = await accepted('leave out "gpt-image": no rule of this route is found to serve such a model');
      expect(message).not.toContain('do not appear in model lists');
      await annotate(`${annotation}-`);
      const config = await world.configured('edge', 'no listed model', (text) => !text.includes('gpt-5'));
      expect(config).not.toContain('gpt-image');
      await accepted('do not appear in model lists');
    }, 60_000);
  });

  describe('a namespace that is not watched', () => {
    it('is named, with the flag, and nothing is tried again', async () => {
      await world.apply(backendYaml('remote', 'PLANTED-remote-key', 'far'));
      await world.apply(routeYaml('reaching', ['edge'], '{ name: openai }, { name: remote, namespace: far }'));
      const ref = aiRef('AIGatewayRoute', 'reaching');
      const refused = await world.condition(ref, 'ResolvedRefs', ({ reason }) => reason === 'NamespaceNotWatched');
      expect(refused.message).toBe(
        'spec.rules[0].backendRefs[1]: AIServiceBackend far/remote is in a namespace that this controller does not watch: add ' +
          '"far" to -watchNamespaces (controller.watch.namespaces of the chart), or refer to an object of a namespace that is watched',
      );
      // The other backend serves.
      await world.configured('edge', 'the route', (text) => text.includes('default/openai/route/reaching/'));
      const work = async () =>
        JSON.stringify([await counted('aigateway_controller_reconciled_roots_total'), await world.writes()]);
      // The last events of what was written may still be on their way.
      const isIdle = async () => {
        const before = await work();
        await delay(IDLE_MS);
        return (await work()) === before;
      };
      await eventually('a time without work', isIdle, 4 * IDLE_MS);
      expect(await counted('aigateway_controller_failing_roots')).toBe(0);
      await world.cluster.api.delete(ref);
    }, 90_000);
  });

  describe('an object of somebody else under a name of ours', () => {
    const name = extProcServiceName('default', 'taken');
    const metadata = { name, namespace: ENVOY_GATEWAY_NAMESPACE };
    const labels = { app: 'theirs' };
    const theirs: readonly KubeObject[] = [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'theirs', image: 'theirs' }] } },
        },
      } as KubeObject,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels, ports: [{ port: 80 }] },
      } as KubeObject,
    ];
    const refs = theirs.map(({ apiVersion, kind }) => ({ apiVersion, kind, ...metadata }));

    it('stays as it is, and an Event of the Gateway says so, until it is gone', async () => {
      const { api } = world.cluster;
      for (const object of theirs) await api.create(object);
      const specs = async () =>
        await Promise.all(refs.map(async (ref) => (await api.exists<KubeObject & { spec: object }>(ref)).spec));
      const before = await specs();
      await world.apply(gatewayYaml('taken'));
      await world.apply(routeYaml('other', ['taken'], '{ name: openai }'));
      for (const [index, { kind }] of refs.entries()) {
        await eventually(
          `a refusal of the ${kind}`,
          async () => {
            const told = await events('Gateway', 'taken');
            return (
              told.includes('ApplyFailed') && told.includes(`cannot write ${kind} ${ENVOY_GATEWAY_NAMESPACE}/${name}`)
            );
          },
          20_000,
        );
        expect(await events('Gateway', 'taken')).toContain(
          'it has no owner and no mark of ours, so somebody else made it',
        );
        expect((await specs()).slice(index)).toEqual(before.slice(index));
        // Credentials travel all the same: they are in front of the Deployment.
        await world.configured('taken', 'the route', (text) => text.includes('route/other/'));
        // Ours may be there before anybody sees that there is none.
        await api.delete(refs[index]!);
        await world.apply(routeYaml('other', ['taken'], `{ name: openai, weight: ${index + 2} }, { name: openai }`));
        await api.eventually(
          refs[index]!,
          'to be ours',
          (object) => object?.metadata.labels?.['app.kubernetes.io/managed-by'] === 'envoy-ai-gateway',
          20_000,
        );
      }
    }, 120_000);
  });

  describe('a filter config that cannot be stored', () => {
    const large = (name: string, bytes: number) => {
      const value = JSON.stringify('x'.repeat(bytes));
      return routeYaml(
        name,
        ['edge'],
        `{ name: openai, bodyMutation: { set: [{ path: metadata, value: '${value}' }] } }`,
      );
    };

    it('is told at the route because of which it is, until that is smaller', async () => {
      for (const name of ['large-1', 'large-2', 'large-3', 'large-4']) await world.apply(large(name, 1.1 * MEBIBYTE));
      await world.configured('edge', 'four large routes', (text) => text.includes('route/large-4/'));
      await world.apply(large('largest', 1.2 * MEBIBYTE));
      const ref = aiRef('AIGatewayRoute', 'largest');
      const said = await world.condition(ref, 'Programmed', ({ reason }) => reason === 'FilterConfigTooLarge');
      expect(said.message).toContain('This route takes 1.2 MiB of it');
      for (const name of ['large-1', 'large-4', 'plain'])
        expect([name, (await conditions(name)).find(({ type }) => type === 'Programmed')?.reason]).not.toEqual([
          name,
          'FilterConfigTooLarge',
        ]);
      const told = await events('Gateway', 'edge');
      expect(told).toContain('FilterConfigTooLarge');
      await world.apply(large('largest', 0.1 * MEBIBYTE));
      await world.condition(ref, 'Programmed', ({ reason }) => reason !== 'FilterConfigTooLarge');
      await world.configured('edge', 'all routes', (text) => text.includes('route/largest/'));
    }, 120_000);
  });
});
