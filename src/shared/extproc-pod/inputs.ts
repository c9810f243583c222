import { createHash } from 'node:crypto';
import type { ExtProcContainerOverrides } from '../api/ai-gateway.js';

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** What the flags of the controller say of every External Processor that it injects or deploys. @see spec controller.md section 2 */
export interface ExtProcSettings {
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'Never' | 'IfNotPresent';
  readonly imagePullSecrets: readonly string[];
  readonly logLevel: string;
  readonly logFormat: 'text' | 'json';
  readonly enableRedaction: boolean;
  readonly rootPrefix: string;
  /** `openai:<p>,cohere:<p>,anthropic:<p>`, as it was given; empty: the built-in ones. */
  readonly endpointPrefixes: string;
  readonly maxRecvMsgSizeBytes: number;
  /** Undefined differs from empty. */
  readonly headerAttributes: {
    readonly all: string | undefined;
    readonly span: string | undefined;
    readonly metrics: string | undefined;
    readonly log: string | undefined;
  };
  readonly extraEnvVars: readonly EnvVar[];
  readonly mcp: McpSettings;
}

export interface McpSettings {
  readonly sessionEncryptionSeed: string;
  readonly sessionEncryptionIterations: number;
  readonly fallbackSessionEncryptionSeed: string;
  readonly fallbackSessionEncryptionIterations: number;
}

/** All that decides what one Gateway's container looks like. */
export interface ExtProcInputs {
  readonly settings: ExtProcSettings;
  /** `spec.extProc.kubernetes` of the Gateway's GatewayConfig. */
  readonly overrides: ExtProcContainerOverrides | undefined;
  readonly needsMcp: boolean;
  /**
   * `<namespace>/<name>` of the Gateway whose filter config is mounted by proxies that several Gateways share: another one when
   * that Gateway is deleted, and then pods have to be made again. Undefined for proxies of one Gateway.
   */
  readonly sharedConfigOf?: string;
}

/** `image` wins; `imageRepository` takes the tag or digest of the flag's image. */
export function resolveImage({ settings, overrides }: ExtProcInputs): string {
  if (overrides?.image) return overrides.image;
  if (!overrides?.imageRepository) return settings.image;
  const [, version = ''] = /^[^@]*?(@.*|:[^:/]+)?$/.exec(settings.image) ?? [];
  return `${overrides.imageRepository}${version}`;
}

/**
 * Hex SHA-256 of everything that is baked into the container; not of the filter config, which is mounted. The value is no
 * contract: another way to write it costs one roll-out. @see spec controller.md section 12
 */
export function extProcConfigHash(inputs: ExtProcInputs): string {
  const { mcp, ...settings } = inputs.settings;
  const baked = { ...inputs, settings: { ...settings, ...(inputs.needsMcp && { mcp }), image: resolveImage(inputs) } };
  return createHash('sha256').update(JSON.stringify(baked, sortedMembers)).digest('hex');
}

/** Members in the order of their names, wherever they come from. */
const sortedMembers = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
