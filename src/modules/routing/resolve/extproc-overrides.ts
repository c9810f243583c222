import type { ExtProcContainerOverrides, GatewayConfig } from '../../../shared/api/ai-gateway.js';
import type { Fault } from '../../../shared/api/fault.js';
import { RESERVED_MOUNT_PATHS } from '../../../shared/extproc-pod/container.js';
import { error, warning } from './faults.js';

type Variable = NonNullable<ExtProcContainerOverrides['env']>[number];

const REFUSED = 'the API server refuses pods with the processor';
/** Printable ASCII, but no equals sign. */
const VARIABLE_NAME = /^[ -<>-~]+$/;

/**
 * What the schema of a GatewayConfig allows and the API server lets no container have: pods with the processor would be refused,
 * and those of before stay, without a word in any status that users look at. Mounts are no such error, since the container goes
 * without them. @see Kubernetes, EnvVar and SecurityContext
 */
export function overrideFaults(config: GatewayConfig): readonly Fault[] {
  const { env = [], securityContext } = config.spec?.extProc?.kubernetes ?? {};
  const fault = (path: string, message: string) =>
    error(config, `spec.extProc.kubernetes.${path}`, 'InvalidSpec', message);
  const ofVariables = env.flatMap((variable, index) => {
    const wrong = faultOfVariable(variable);
    return wrong ? [fault(`env[${index}]${wrong.at}`, wrong.message)] : [];
  });
  const { privileged, allowPrivilegeEscalation } = securityContext ?? {};
  const contradiction = `false contradicts privileged: true, so that ${REFUSED}: change one of them`;
  const ofSecurity =
    privileged === true && allowPrivilegeEscalation === false
      ? [fault('securityContext.allowPrivilegeEscalation', contradiction)]
      : [];
  return [...ofVariables, ...ofSecurity, ...mountFaults(config)];
}

function faultOfVariable({ name, value, valueFrom }: Variable): { at: string; message: string } | undefined {
  if (!VARIABLE_NAME.test(name)) {
    const message = `${JSON.stringify(name)} is no name of a variable, so that ${REFUSED}: use letters, digits and underscores`;
    return { at: '.name', message };
  }
  if (valueFrom === undefined) return undefined;
  if (value !== undefined && value !== '')
    return { at: '.valueFrom', message: `${name} has a value as well, so that ${REFUSED}: keep one of them` };
  const sources = Object.values(valueFrom).filter((source) => source !== undefined).length;
  if (sources === 1) return undefined;
  return { at: '.valueFrom', message: `${name} has ${sources} sources, so that ${REFUSED}: name exactly one` };
}

/** Mounts that the processor's container cannot have; it goes without them. */
function mountFaults(config: GatewayConfig): readonly Fault[] {
  const paths = (config.spec?.extProc?.kubernetes?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
  return paths.flatMap((mountPath, index) => {
    const isReserved = RESERVED_MOUNT_PATHS.includes(mountPath);
    if (!isReserved && paths.indexOf(mountPath) === index) return [];
    const reason = isReserved ? "a volume of the processor's own" : 'an earlier volume';
    const message = `${mountPath} has ${reason} already, and this one is left out: mount it elsewhere`;
    const path = `spec.extProc.kubernetes.volumeMounts[${index}].mountPath`;
    return [warning(config, path, 'UnsupportedValue', message)];
  });
}
