import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { realPart } from './real-part.js';

const run = promisify(execFile);
const DEADLINE_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** The real kubectl, as the user of one kubeconfig. */
export class Kubectl {
  constructor(private readonly kubeconfig: string) {}

  /** Standard output. Throws with standard error when it fails. */
  async run(...args: readonly string[]): Promise<string> {
    return (await this.#run(args)).stdout;
  }

  /** Standard error of a command that succeeds: the warnings of the API server. */
  async warnings(...args: readonly string[]): Promise<string> {
    return (await this.#run(args)).stderr;
  }

  /** `kubectl apply -f` of a file, folder or address. */
  async applyFile(path: string, ...flags: readonly string[]): Promise<string> {
    return await this.run('apply', '-f', path, ...flags);
  }
  async #run(args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    return await run(realPart('AIGW_TEST_KUBECTL'), ['--kubeconfig', this.kubeconfig, ...args], {
      timeout: DEADLINE_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      // Discovery is cached under the home directory by address; ports come back with other clusters behind them.
      env: { ...process.env, KUBECACHEDIR: `${this.kubeconfig}.cache` },
    });
  }
}
