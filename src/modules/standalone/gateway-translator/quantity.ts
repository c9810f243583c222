import type { Quantity } from '../../../shared/api/envoy-gateway.js';
import type { KubeObject } from '../../../shared/api/kube-object.js';
import type { FaultLog } from './fault-log.js';

const UINT32_MAX = 0xffff_ffff;
const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** Bytes of a Kubernetes quantity, rounded up; undefined when it is none. */
export function parseQuantityBytes(quantity: Quantity): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)(|k|M|G|Ki|Mi|Gi)$/.exec(String(quantity));
  return match ? Math.ceil(Number(match[1]) * FACTORS[match[2]!]!) : undefined;
}

/** Bytes at `path`, 1 to 4 GiB - 1; absent when the member is absent, or reported and left out. */
export function readBytes(
  faults: FaultLog,
  object: KubeObject,
  path: string,
  quantity: Quantity | undefined,
): number | undefined {
  if (quantity === undefined) return undefined;
  const sizeBytes = parseQuantityBytes(quantity);
  if (sizeBytes !== undefined && sizeBytes >= 1 && sizeBytes <= UINT32_MAX) return sizeBytes;
  faults.error(
    object,
    path,
    'Invalid',
    `"${quantity}" is not a size of 1 byte to 4Gi minus 1: write for example "50Mi" or a number of bytes`,
  );
  return undefined;
}
