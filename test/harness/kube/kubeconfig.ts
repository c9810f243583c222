import type { KubeEndpoint } from './kube-transport.js';

/** A kubeconfig with one user; JSON is YAML. */
export const kubeconfigText = ({ server, certificateAuthority, token }: KubeEndpoint): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server, 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') },
      },
    ],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
