import type { HeaderAttributes } from '../../shared/header-attributes.js';
import type { EndpointTable } from './endpoints/endpoint-table.js';
import type { AttemptContext } from './phases/attempt.js';
import type { KeepAlives } from './phases/keep-alive.js';
import type { PeerRelay } from './peers/peer-relay.js';
import type { RequestRegistry } from './request-registry.js';
import type { RequestTracer } from './tracing/request-tracer.js';
import type { TranslatorEnv } from './translators/translator.js';
import type { ConfigLoader } from './runtime-config/config-loader.js';

/** What the streams of one process share. */
export interface ProcessorContext extends AttemptContext {
  readonly config: Pick<ConfigLoader, 'current' | 'findBackend' | 'awaitBackend'>;
  readonly registry: RequestRegistry;
  readonly endpoints: EndpointTable;
  /** Request header → key of dynamic metadata. */
  readonly logHeaderAttributes: HeaderAttributes;
  /** Removes our control headers from what the provider sees; access logs lose them too. */
  readonly stripsInternalHeaders: boolean;
  /** Undefined when tracing is off: a client's trace headers then pass untouched. */
  readonly tracer?: RequestTracer | undefined;
  newId(): string;
  /**
   * Replicas that may hold a request whose upstream stream comes here; undefined when this one is alone. `own` is its address
   * among them; undefined for one that is none.
   */
  readonly peers?: { readonly own: string | undefined; readonly relay: Pick<PeerRelay, 'relay'> } | undefined;
  /** Undefined: translated streams say what their provider says, and nothing else. */
  readonly keepAlives?: KeepAlives | undefined;
  /** Clock and ids of translators. */
  readonly translatorEnv: TranslatorEnv;
}
