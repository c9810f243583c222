/** Attributes and events of our own, beside those of the conventions; absent from a span in which nothing out of the ordinary happened. */
export const spanAttributes = {
  /** Number of attempts at backends, when there were several. */
  attemptCount: 'aigateway.attempt.count',
  attemptNumber: 'aigateway.attempt.number',
  attemptBackend: 'aigateway.attempt.backend',
  attemptDurationMs: 'aigateway.attempt.duration_ms',
  /** True when more of the answer came than is recorded. */
  isOutputTruncated: 'aigateway.output.truncated',
} as const;

/** An attempt whose answer Envoy gave up in favour of another one. */
export const ATTEMPT_EVENT = 'Upstream Attempt Failed';
