import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
} from '../../src/gen/proto/grpc/health/v1/health_pb.js';
import { chunked, DONE, event, gated, hang } from '../harness/answers.js';
import { newCase } from '../harness/case-id.js';
import { eventually, within } from '../harness/eventually.js';
import { Gateway } from '../harness/gateway.js';
import { frame, GrpcPeer, type PeerCall } from '../harness/grpc-peer.js';
import { TestUpstream } from '../harness/test-upstream.js';

const CHAT = '/v1/chat/completions';
const usage = { total_tokens: 7, prompt_tokens: 3 };
const EVENTS = [event({ model: 'm', choices: [{}] }), event({ model: 'm', choices: [], usage }) + DONE];

let upstream: TestUpstream;
let gateway: Gateway;

// Each test ends the processes of its own gateway.
beforeEach(async () => {
  upstream = await TestUpstream.start();
  gateway = await Gateway.start(
    {
      routes: [{ name: 'default/llm', rules: [{ model: 'gpt-x', backends: [{ name: 'default/openai', upstream }] }] }],
      costs: [{ metadataKey: 'used', type: 'TotalToken' }],
    },
    { extprocFlags: ['-shutdownDelay', '600ms'] },
  );
});
afterEach(async () => {
  await gateway?.close();
  await upstream?.close();
});

const ask = () => gateway.send(CHAT, { body: { model: 'gpt-x' } });

async function openStream() {
  const caseId = newCase('stream');
  const { body, gates } = gated(EVENTS);
  upstream.script(caseId, chunked(body));
  const response = await gateway.open(CHAT, { caseId, body: { model: 'gpt-x', stream: true } });
  await response.until(EVENTS[0]!);
  return { caseId, response, finish: () => gates[0]!.open() };
}

describe('a processor that is killed', () => {
  it('fails the requests of that time cleanly, and another one in its place serves', async () => {
    expect((await ask()).status).toBe(200);
    const stream = await openStream();
    const caseId = newCase('waiting');
    upstream.script(caseId, hang);
    const waiting = gateway.send(CHAT, { caseId, body: { model: 'gpt-x' } });
    await upstream.awaitRequest(caseId);

    await gateway.extproc.kill();

    expect((await waiting).status).toBe(500);
    expect((await stream.response.rest()).isComplete).toBe(false);
    expect((await ask()).status).toBe(500);

    await gateway.extproc.start();
    expect((await ask()).status).toBe(200);
    const again = await openStream();
    again.finish();
    expect(await again.response.rest()).toEqual({ received: EVENTS.join(''), isComplete: true });
  });
});

describe('a processor that is asked to end', () => {
  it('says that it drains, serves on for a while, lets streams finish and ends with 0', async () => {
    const { extproc } = gateway;
    const stream = await openStream();
    const peer = new GrpcPeer(extproc.socket);
    const watch = watchHealth(peer);
    await eventually('the watch to say SERVING', () => statusesOf(watch).at(-1) === ServingStatus.SERVING);

    extproc.process.signal('SIGTERM');
    extproc.process.signal('SIGTERM');

    await eventually('the watch to say NOT_SERVING', () => statusesOf(watch).at(-1) === ServingStatus.NOT_SERVING);
    const health = await extproc.admin('/health');
    expect([health.status, await health.text()]).toEqual([500, 'unhealthy status: NOT_SERVING\n']);
    expect((await ask()).status).toBe(200);

    await eventually('the listener to be closed', async () => (await ask()).status === 500);
    expect(extproc.process.end).toBeUndefined();
    stream.finish();

    expect(await stream.response.rest()).toEqual({ received: EVENTS.join(''), isComplete: true });
    expect((await gateway.envoy.accessLog.entry(stream.caseId)).ai).toMatchObject({ used: 7 });
    expect(await within('the processor to end', extproc.process.ended)).toEqual({ code: 0, signal: null });
  });
});

describe('the health of a processor that serves', () => {
  it('is OK by HTTP and SERVING by gRPC, for it by name, too', async () => {
    const { extproc } = gateway;
    const health = await extproc.admin('/health');
    expect([health.status, await health.text()]).toEqual([200, 'OK\n']);
    const peer = new GrpcPeer(extproc.socket);
    for (const service of ['', 'extproc']) {
      const call = peer.call('/grpc.health.v1.Health/Check').write(healthRequest(service)).end();
      expect(await call.over()).toMatchObject({ grpcStatus: 0 });
      expect(statusesOf(call)).toEqual([ServingStatus.SERVING]);
    }
    const unknown = peer.call('/grpc.health.v1.Health/Check').write(healthRequest('other')).end();
    expect(await unknown.over()).toMatchObject({ grpcStatus: 5 });
    peer.close();
  });
});

const healthRequest = (service: string) =>
  frame(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service })));

const watchHealth = (peer: GrpcPeer): PeerCall =>
  peer.call('/grpc.health.v1.Health/Watch').write(healthRequest('')).end();

const statusesOf = (call: PeerCall) =>
  call.messages.map((bytes) => fromBinary(HealthCheckResponseSchema, bytes).status);
