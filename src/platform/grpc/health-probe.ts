import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { connect, type ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
} from '../../gen/proto/grpc/health/v1/health_pb.js';
import type { ListenAddress } from './listen-address.js';
import { FRAME_PREFIX_BYTES, writeFramePrefix } from './message-frames.js';

type StatusName = keyof typeof ServingStatus;

/** Asks `grpc.health.v1.Health/Check` over the listener's own socket, so that the socket is part of the answer. */
export async function probeHealth(target: ListenAddress, signal: AbortSignal, isTls = false): Promise<StatusName> {
  const session = connect(isTls ? 'https://localhost' : 'http://localhost', {
    createConnection: () => {
      if (target.kind === 'unix') return connectSocket(target.path);
      const host = target.host || '127.0.0.1';
      // Its own listener on its own machine: whom the certificate names is a matter of its clients.
      if (isTls) return connectTls({ host, port: target.port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      return connectSocket(target.port, host);
    },
  });
  try {
    const message = await check(session, signal);
    return ServingStatus[fromBinary(HealthCheckResponseSchema, message).status] as StatusName;
  } finally {
    session.destroy();
  }
}

function check(session: ClientHttp2Session, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    // A listener that hangs up politely gives no error.
    session.on('close', () => reject(new Error('the health service gave no answer')));
    const onAbort = () => reject(new Error('deadline exceeded'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      const answer = Buffer.concat(chunks);
      if (answer.length >= FRAME_PREFIX_BYTES) resolve(answer.subarray(FRAME_PREFIX_BYTES));
      else reject(new Error('the health service gave no answer'));
    });
    stream.end(requestFrame());
  });
}

function requestFrame(): Buffer {
  const message = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema));
  const frame = Buffer.alloc(FRAME_PREFIX_BYTES + message.length);
  frame.set(message, FRAME_PREFIX_BYTES);
  return writeFramePrefix(frame);
}
