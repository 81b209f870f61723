import { chooseOption } from '#catalog';
import { periodNoun } from '#kernel/period';
import type { Context } from '#platform/context';
import type { ChosenOffer } from '#platform/pages/chosen-offer';
import { findItemOffers } from '../quotes/index.ts';
import { findCartItems } from '../records/index.ts';

/** Finds the item that a visitor added to the cart last, with the price of its chosen or first option. */
export async function findChosenOffer({ db, actor, clock }: Context): Promise<ChosenOffer> {
  if (actor.kind !== 'anonymous' || actor.visitor_hash === null) return null;
  const owner = { visitor_hash: actor.visitor_hash };
  const items = await findCartItems(db, owner);
  if (items.length === 0) return null;
  const offers = await findItemOffers(db, owner, items, clock.now());
  const latest = offers.toSorted((a, b) => Number(b.item.created_at) - Number(a.item.created_at))[0];
  if (!latest) return null;
  const { plan, options, item, trial } = latest;
  const option = chooseOption(options, item.option) ?? options[0];
  if (!option) return null;
  const { amount, full_amount, unit, periods_count } = option;
  const periods = `${periods_count} ${periodNoun(plan.period_type, periods_count)}`;
  const trial_days = trial?.days ?? 0;
  return { name: plan.title, amount, full_amount, unit, periods, trial_days, others_count: offers.length - 1 };
}
