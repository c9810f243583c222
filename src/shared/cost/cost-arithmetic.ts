/**
 * What a cost expression makes of numbers of several types: refuses to compute with them, as CEL and the reference do, or
 * promotes them. @see spec api.md section 13, row 3
 */
export const COST_ARITHMETICS = ['strict', 'promote'] as const;
export type CostArithmetic = (typeof COST_ARITHMETICS)[number];

/** On an AIGatewayRoute or a GatewayConfig, for all its cost expressions; its values are {@link COST_ARITHMETICS}. */
export const COST_ARITHMETIC_ANNOTATION = 'aigateway.envoyproxy.io/cost-arithmetic';
