import { UpstreamAnswerError } from '../../translator.js';
import type { AnswerSink } from './answer-events.js';

/** Text that is held back until it is known what the answer is. */
const HELD_CHARACTERS_MAX = 8 << 20;

/**
 * Turns the input of the tool that stands for the answer into the text of the answer. What the model says before it calls
 * that tool is no part of the answer and is left out; when it calls another tool instead, or none, it is. Only the first
 * such call counts. @see spec translators.md 18.4.2, "Fallback"
 */
export function answerByTool(answerTool: string, on: AnswerSink): AnswerSink {
  let held: string[] = [];
  let heldCharacters = 0;
  let isAnswered = false;
  let hasOtherCalls = false;
  let open: 'answer' | 'repeated answer' | 'other' = 'other';
  const release = () => {
    for (const text of held) on({ kind: 'text', text });
    if (held.length > 0) on({ kind: 'block-end' });
    held = [];
  };
  return (event) => {
    switch (event.kind) {
      case 'text':
        heldCharacters += event.text.length;
        if (heldCharacters > HELD_CHARACTERS_MAX) {
          throw new UpstreamAnswerError('AWSBedrock wrote too much before it gave the answer in JSON');
        }
        if (!isAnswered) held.push(event.text);
        return;
      case 'tool':
        if (event.name === answerTool) {
          open = isAnswered ? 'repeated answer' : 'answer';
          isAnswered = true;
          held = [];
          return;
        }
        open = 'other';
        hasOtherCalls = true;
        release();
        break;
      case 'tool-input':
        if (open === 'answer') on({ kind: 'text', text: event.text });
        if (open !== 'other') return;
        break;
      case 'citation':
        return;
      case 'stop':
        release();
        if (event.stopReason === 'tool_use' && isAnswered && !hasOtherCalls) {
          on({ ...event, stopReason: 'end_turn' });
          return;
        }
        break;
      default:
    }
    on(event);
  };
}
