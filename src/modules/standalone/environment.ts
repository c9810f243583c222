/** Environment variables; a variable without a value is unset. */
export type Environment = Readonly<Record<string, string | undefined>>;
