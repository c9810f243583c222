import { eventually, within } from './eventually.js';

export interface ClientClose {
  readonly code: number;
  readonly wasClean: boolean;
}

/** Node's own WebSocket client, with the messages that came. */
export class WebSocketClient {
  readonly messages: string[] = [];
  readonly #socket: WebSocket;
  readonly #closed: Promise<ClientClose>;

  private constructor(url: string, headers: Readonly<Record<string, string>>, protocols: readonly string[]) {
    // Node takes headers too, unlike browsers.
    this.#socket = new WebSocket(url, { headers: { ...headers }, protocols: [...protocols] });
    this.#socket.addEventListener('message', ({ data }) => this.messages.push(String(data)));
    this.#closed = new Promise((resolve) =>
      this.#socket.addEventListener('close', ({ code, wasClean }) => resolve({ code, wasClean })),
    );
  }

  /** Resolves when the session is open; rejects when the handshake fails. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
    protocols: readonly string[] = ['realtime'],
  ): Promise<WebSocketClient> {
    const client = new WebSocketClient(url, headers, protocols);
    const opened = new Promise<void>((resolve, reject) => {
      client.#socket.addEventListener('open', () => resolve());
      client.#socket.addEventListener('error', () => reject(new Error('the handshake failed')));
    });
    await within('the session to open', opened);
    return client;
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Resolves when the session is over, whoever ended it. */
  get closed(): Promise<ClientClose> {
    return within('the session to end', this.#closed);
  }

  send(message: string): void {
    this.#socket.send(message);
  }

  /** Waits for the n-th message. */
  async message(count = 1): Promise<string> {
    return await eventually(`message ${count} of the provider`, () => this.messages[count - 1]);
  }

  /** Says goodbye and waits for the answer. */
  close(): void {
    this.#socket.close(1000);
  }
}
