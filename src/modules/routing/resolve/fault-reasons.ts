type FaultSort = 'reference' | 'content' | 'consequence';

/**
 * Every reason that routing puts into a fault, with the sort of trouble it tells:
 * `reference`: a reference leads nowhere or may not be followed; `content`: the object itself asks for something that
 * cannot be; `consequence`: something that the object refers to has a fault of its own, reported there.
 */
export const faultReasons = {
  BackendNotFound: 'reference',
  BackendNotReady: 'consequence',
  BackendNotUsed: 'content',
  ConflictingPolicies: 'reference',
  CredentialNotReady: 'consequence',
  DuplicateCostKey: 'content',
  DuplicateParent: 'content',
  GatewayConfigNotFound: 'reference',
  GatewayNotFound: 'reference',
  InvalidCost: 'content',
  InvalidKind: 'reference',
  InvalidSecret: 'reference',
  InvalidSpec: 'content',
  ModelNotListed: 'content',
  NameConflict: 'content',
  NamespaceNotWatched: 'reference',
  NoBackends: 'content',
  NoParents: 'content',
  NoTargets: 'content',
  RefNotPermitted: 'reference',
  SecretKeyNotFound: 'reference',
  SecretNotFound: 'reference',
  ShadowedMatch: 'content',
  TargetNotFound: 'reference',
  TokenNotExchanged: 'content',
  TooManyBackendRefs: 'content',
  UnsupportedValue: 'content',
} as const satisfies Record<string, FaultSort>;

export type FaultReason = keyof typeof faultReasons;

/** Sort of a reason; reasons of other modules count as `content`. */
export const faultSort = (reason: string): FaultSort =>
  Object.hasOwn(faultReasons, reason) ? faultReasons[reason as FaultReason] : 'content';
