import { describe, expect, it } from '@jest/globals';
import { commandLinesOf } from './command-lines.js';
import { RunningProcess } from './running-process.js';

describe('commandLinesOf', () => {
  it('has those of the process and of its children', async () => {
    const child = new RunningProcess('sleep', ['37.5']);
    try {
      const lines = commandLinesOf(process.pid);
      expect(lines.get(process.pid)).toContain('node');
      expect(lines.get(child.pid)).toContain('37.5');
      expect([...commandLinesOf(child.pid).keys()]).toEqual([child.pid]);
    } finally {
      await child.stop('SIGKILL');
    }
  });
});
