import { catalogProblems } from './problems.ts';

/**
 * Only who runs the site decides what the site takes of each sale.
 * @throws broker_fee_protected (403)
 */
export function refuseBrokerFee(input: { broker_fee_percent?: number | undefined }, relation: string): void {
  if (input.broker_fee_percent !== undefined && relation !== 'broker') throw catalogProblems.broker_fee_protected();
}
