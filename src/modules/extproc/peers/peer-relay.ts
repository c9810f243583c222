import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { FRAME_PREFIX_BYTES, MessageDeframer, writeFramePrefix } from '../../../platform/grpc/message-frames.js';
import { FILTER_METADATA_HEADER } from '../../../shared/headers.js';
import { parsePeerAddress } from './peer-address.js';

/** Replicas that are called at once; a Gateway has a handful. */
const SESSIONS_MAX = 64;
/** Envoy itself waits 10 s for an answer of the upstream filter. */
const ANSWER_TIMEOUT_MS = 8_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** Marks a stream that was passed on, so that it is not passed on again. */
export const RELAYED_METADATA_HEADER = 'x-aigw-relayed';

export interface PeerTls {
  /** CA of all replicas, PEM. */
  readonly ca: string;
  /** Name that their certificates bear. */
  readonly serverName: string;
}

/**
 * Passes the one message of an upstream stream on to the replica that holds the request, and its one answer back. Needed only
 * where several replicas serve one Envoy, or an old and a new one during a roll-out.
 */
export class PeerRelay {
  readonly #sessions = new Map<string, ClientHttp2Session>();

  /** @param path `:path` of the ext_proc call */
  constructor(
    private readonly path: string,
    private readonly maxMessageBytes: number,
    private readonly tls: () => PeerTls | undefined,
  ) {}

  /** The frame to be answered to Envoy. Rejects when the replica is gone, or does not answer in time. */
  relay(address: string, message: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session(address).request({
        ':method': 'POST',
        ':path': this.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        [FILTER_METADATA_HEADER]: 'upstream',
        [RELAYED_METADATA_HEADER]: '1',
      });
      readAnswer(stream, this.maxMessageBytes, resolve, (reason) => reject(new Error(`replica ${address}: ${reason}`)));
      const frame = Buffer.allocUnsafe(FRAME_PREFIX_BYTES + message.length);
      message.copy(frame, FRAME_PREFIX_BYTES);
      stream.end(writeFramePrefix(frame));
    });
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #session(address: string): ClientHttp2Session {
    const known = this.#sessions.get(address);
    if (known && !known.closed && !known.destroyed) return known;
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= SESSIONS_MAX && oldest !== undefined) {
      this.#sessions.get(oldest)?.close();
      this.#sessions.delete(oldest);
    }
    const session = this.#connect(address);
    this.#sessions.set(address, session);
    const forget = () => {
      if (this.#sessions.get(address) === session) this.#sessions.delete(address);
    };
    // Streams of the session are told as well, and they reject.
    session.on('error', forget);
    session.on('goaway', forget);
    session.on('close', forget);
    return session;
  }

  #connect(address: string): ClientHttp2Session {
    const target = parsePeerAddress(address);
    if (target === undefined) throw new Error(`"${address}" is no address of a replica`);
    const { host, port } = target;
    const tls = this.tls();
    const session = connect(tls ? `https://${tls.serverName}` : 'http://replica', {
      createConnection: () =>
        tls
          ? connectTls({ host, port, ca: tls.ca, servername: tls.serverName, ALPNProtocols: ['h2'] })
          : connectTcp({ host, port }),
    });
    const timer = setTimeout(() => session.destroy(new Error('no connection in time')), CONNECT_TIMEOUT_MS);
    session.once('connect', () => clearTimeout(timer));
    session.once('close', () => clearTimeout(timer));
    return session;
  }
}

function readAnswer(
  stream: ClientHttp2Stream,
  maxMessageBytes: number,
  resolve: (frame: Buffer) => void,
  reject: (reason: string) => void,
): void {
  const deframer = new MessageDeframer(maxMessageBytes);
  const timer = setTimeout(() => {
    reject('no answer in time');
    stream.close(constants.NGHTTP2_CANCEL);
  }, ANSWER_TIMEOUT_MS);
  stream.on('data', (chunk: Buffer) => {
    try {
      deframer.push(chunk, (message) => {
        const frame = Buffer.allocUnsafe(FRAME_PREFIX_BYTES + message.length);
        message.copy(frame, FRAME_PREFIX_BYTES);
        resolve(writeFramePrefix(frame));
      });
    } catch (error) {
      reject(error instanceof Error ? error.message : String(error));
      stream.close(constants.NGHTTP2_CANCEL);
    }
  });
  stream.on('error', (error) => reject(error.message));
  // After an answer this changes nothing.
  stream.on('close', () => {
    clearTimeout(timer);
    reject('the stream ended without an answer');
  });
}
