import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import type { KubeCluster } from './kube-cluster.js';
import { realPart } from './real-part.js';

const run = promisify(execFile);
const DEADLINE_MS = 60_000;

/** What needs running pods, Envoy Gateway, or the network. */
const NOT_HERE = /^(kubectl (wait|logs)|kubectl -n \S+ (rollout|logs|port-forward)|curl|docker|helm .*oci:)/;

/** Code blocks of one language in a section (`## heading`) of a page. */
export function documentedBlocks(page: string, heading: string, language: string): readonly string[] {
  const [, section = ''] = readFileSync(page, 'utf8').split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  );
}

/** The commands of a block, without those that cannot work in a cluster without pods and network. */
export const runnableHere = (block: string): string =>
  block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => !NOT_HERE.test(line))
    .join('\n');

/**
 * Runs shell commands with the real kubectl and helm as the administrator of a cluster. Standard output; throws with standard
 * output and standard error when one of them fails.
 */
export async function runCommands(text: string, cluster: KubeCluster): Promise<string> {
  const programs = ['AIGW_TEST_HELM', 'AIGW_TEST_KUBECTL'] as const;
  const PATH = [...programs.map((name) => dirname(realPart(name))), process.env['PATH']].join(delimiter);
  const KUBECACHEDIR = `${cluster.kubeconfig}.cache`;
  const env = { ...process.env, PATH, KUBECONFIG: cluster.kubeconfig, KUBECACHEDIR };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', text], { env, timeout: DEADLINE_MS });
  return stdout;
}
