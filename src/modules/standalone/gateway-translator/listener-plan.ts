import type { Gateway, GatewayClass, GatewayListener } from '../../../shared/api/gateway-api.js';
import { GATEWAY_CONTROLLER_NAME } from '../../../shared/api/gateway-api.js';
import { kinds } from '../../../shared/api/kinds.js';
import { displayName, keyOf } from '../../../shared/api/kube-object.js';
import type { KeyPair } from './certificates.js';
import { ANY_HOST } from './hostname.js';
import { findKeyPair } from './key-pairs.js';
import { listenerName } from './names.js';
import type { Translation } from './translate-options.js';

/** A listener of the Gateway that is served. */
export interface ListenerPlan {
  readonly spec: GatewayListener;
  /** `<namespace>/<gateway>/<listener>`. */
  readonly name: string;
  readonly hostname: string;
  /** Not empty exactly for HTTPS. */
  readonly keyPairs: readonly KeyPair[];
}

/** Listeners that share a port; they become one Envoy listener that bears the name of the first. */
export interface PortPlan {
  readonly port: number;
  readonly isTls: boolean;
  readonly listeners: readonly [ListenerPlan, ...ListenerPlan[]];
}

/**
 * The ports of the Gateway, in the order of its listeners. Of listeners in conflict the first one is served; those
 * that cannot be served are reported and left out. @see Gateway API Gateway `spec.listeners`
 */
export function planPorts(translation: Translation, gateway: Gateway): readonly PortPlan[] {
  const listeners = gateway.spec.listeners ?? [];
  if (listeners.length === 0) {
    translation.faults.error(
      gateway,
      'spec.listeners',
      'Invalid',
      'there is no listener: add one with name, port and protocol',
    );
  }
  const taken = portsOfOtherGateways(translation, gateway);
  const byPort = new Map<number, PortPlan>();
  for (const [index, spec] of listeners.entries()) {
    const path = `spec.listeners[${index}]`;
    const owner = taken.get(spec.port);
    if (owner !== undefined) {
      translation.faults.error(
        gateway,
        `${path}.port`,
        'PortUnavailable',
        `port ${spec.port} already belongs to ${owner}: choose another port`,
      );
      continue;
    }
    const plan = planListener(translation, gateway, path, spec);
    if (!plan) continue;
    const port = byPort.get(spec.port);
    const isTls = spec.protocol === 'HTTPS';
    if (!port) byPort.set(spec.port, { port: spec.port, isTls, listeners: [plan] });
    else if (!isConflict(translation, gateway, path, port, plan, isTls)) {
      byPort.set(spec.port, { ...port, listeners: [...port.listeners, plan] });
    }
  }
  return [...byPort.values()];
}

function planListener(
  translation: Translation,
  gateway: Gateway,
  path: string,
  spec: GatewayListener,
): ListenerPlan | undefined {
  const { faults } = translation;
  const plan = { spec, name: listenerName(gateway, spec.name), hostname: spec.hostname?.toLowerCase() || ANY_HOST };
  if (spec.protocol === 'HTTP') return { ...plan, keyPairs: [] };
  if (spec.protocol !== 'HTTPS') {
    faults.error(
      gateway,
      `${path}.protocol`,
      'UnsupportedProtocol',
      `"${spec.protocol}" is not supported: use HTTP or HTTPS`,
    );
    return undefined;
  }
  const mode = spec.tls?.mode ?? 'Terminate';
  if (mode !== 'Terminate') {
    faults.error(gateway, `${path}.tls.mode`, 'UnsupportedValue', `"${mode}" is not supported: use Terminate`);
    return undefined;
  }
  const references = spec.tls?.certificateRefs ?? [];
  if (references.length === 0) {
    faults.error(
      gateway,
      `${path}.tls.certificateRefs`,
      'InvalidCertificateRef',
      'an HTTPS listener needs a certificate: name a Secret with tls.crt and tls.key',
    );
  }
  const keyPairs = references.flatMap(
    (reference, index) => findKeyPair(translation, gateway, `${path}.tls.certificateRefs[${index}]`, reference) ?? [],
  );
  return keyPairs.length > 0 ? { ...plan, keyPairs } : undefined;
}

function isConflict(
  { faults }: Translation,
  gateway: Gateway,
  path: string,
  port: PortPlan,
  plan: ListenerPlan,
  isTls: boolean,
): boolean {
  const first = port.listeners[0];
  if (port.isTls !== isTls) {
    faults.error(
      gateway,
      `${path}.protocol`,
      'ProtocolConflict',
      `port ${port.port} already serves ${first.spec.protocol} for listener "${first.spec.name}": choose another port`,
    );
    return true;
  }
  const same = port.listeners.find((other) => other.hostname === plan.hostname || other.spec.name === plan.spec.name);
  if (!same) return false;
  faults.error(
    gateway,
    `${path}.hostname`,
    'HostnameConflict',
    `port ${port.port} already serves hostname "${same.hostname}" for listener "${same.spec.name}": give each ` +
      'listener of a port its own name and hostname',
  );
  return true;
}

/** Ports of Gateways of ours that come before this one by namespace and name, with their owners. */
function portsOfOtherGateways({ world }: Translation, gateway: Gateway): ReadonlyMap<number, string> {
  const isForeign = (other: Gateway) => {
    const gatewayClass = world.get<GatewayClass>(kinds.gatewayClass, '', other.spec.gatewayClassName);
    return gatewayClass !== undefined && gatewayClass.spec.controllerName !== GATEWAY_CONTROLLER_NAME;
  };
  const taken = new Map<number, string>();
  for (const other of world.list<Gateway>(kinds.gateway)) {
    if (keyOf(other) === keyOf(gateway)) break;
    if (isForeign(other)) continue;
    for (const { port } of other.spec.listeners ?? []) if (!taken.has(port)) taken.set(port, displayName(other));
  }
  return taken;
}
