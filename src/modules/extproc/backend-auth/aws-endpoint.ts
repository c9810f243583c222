/** What a signature is bound to besides the request itself. */
export interface SigningScope {
  readonly service: string;
  readonly region: string;
}

/**
 * Hosts of Bedrock at a label boundary, anchored at the end: public, FIPS, PrivateLink and dual-stack ones. The region is
 * the label behind the service. @see spec extproc.md 18.1
 */
const BEDROCK_HOST =
  /(?:^|\.)(bedrock-runtime|bedrock-mantle)(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|vpce\.amazonaws\.com|api\.aws)$/;

/** Only the endpoints of Mantle sign under a name of their own (X14). */
const BEDROCK = 'bedrock';
const MANTLE = 'bedrock-mantle';

/** The service and region of a host; a host that is none of Bedrock's has the configured region. */
export function signingScope(host: string, configuredRegion: string): SigningScope {
  const [, service, region] = BEDROCK_HOST.exec(host.toLowerCase()) ?? [];
  return { service: service === MANTLE ? MANTLE : BEDROCK, region: region ?? configuredRegion };
}

export const defaultBedrockHost = (region: string): string => `bedrock-runtime.${region}.amazonaws.com`;
