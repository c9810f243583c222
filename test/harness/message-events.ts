/** An event stream whose events have data alone, of JSON or as it is given. */
export const dataEvents = (events: readonly unknown[]) =>
  Buffer.from(events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join(''));

interface Block {
  type: string;
  text?: string;
  thinking?: string;
  signature?: string;
  input?: unknown;
}

/** The message that a client puts together of the events of a stream; a small client of our own, beside Anthropic's. */
export function collectMessage(text: string) {
  const blocks: (Block & { json?: string })[] = [];
  let [stop, usage]: unknown[] = [];
  for (const event of text.split('\n\n').filter((part) => part !== '')) {
    const data = JSON.parse(event.slice(event.indexOf('data: ') + 6)) as {
      type: string;
      index: number;
      content_block: Block;
      delta: { text?: string; thinking?: string; signature?: string; partial_json?: string; stop_reason?: string };
      usage: unknown;
    };
    if (data.type === 'content_block_start') blocks[data.index] = { ...data.content_block };
    const block = blocks[data.index];
    if (data.type === 'content_block_delta') {
      if (data.delta.text !== undefined) block!.text! += data.delta.text;
      if (data.delta.thinking !== undefined) block!.thinking! += data.delta.thinking;
      if (data.delta.signature !== undefined) block!.signature = data.delta.signature;
      if (data.delta.partial_json !== undefined) block!.json = (block!.json ?? '') + data.delta.partial_json;
    }
    if (data.type === 'message_delta') [stop, usage] = [data.delta.stop_reason, data.usage];
  }
  const content = blocks.map(({ json, ...block }) =>
    block.type === 'tool_use' ? { ...block, input: JSON.parse(json ?? '{}') as unknown } : block,
  );
  return { content, stop, usage };
}
