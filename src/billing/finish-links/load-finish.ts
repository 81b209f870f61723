import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import { type Attempt, type Charge, findAttempt, findChargeOfAttempt } from '#payments';
import { findProfileById, type Profile } from '#profiles';
import { type Due, dueAt, type DunningCase, findCase, loadDues } from '../dunning/index.ts';
import { billingProblems } from '../problems.ts';
import { findFinishLink, type FinishLink } from '../records/index.ts';
import { type FinishState, finishState } from './finish-state.ts';

/** A link of a dunning mail with what is due. */
export interface FinishView {
  dunning_case: DunningCase;
  payer: Profile;
  state: FinishState;
  /** What is due now; undefined if nothing is. */
  due: Due | undefined;
  /** The newest payment that the link began, and its charge. */
  attempt: Attempt | undefined;
  charge: Charge | undefined;
}

/** A link with its case and its payer. */
export interface FoundLink {
  link: FinishLink;
  dunning_case: DunningCase;
  payer: Profile;
}

/** Finds the link of a key. @throws finish_link_unknown (404) */
export async function getFinishLink(reader: Reader, key: string): Promise<FoundLink> {
  const link = await findFinishLink(reader, key);
  const dunning_case = link && (await findCase(reader, link.dunning_case_id));
  const payer = dunning_case && (await findProfileById(reader, dunning_case.profile_id));
  if (!link || !dunning_case || !payer?.is_active) throw billingProblems.finish_link_unknown();
  return { link, dunning_case, payer };
}

/** Loads a link with what is due. Calls no processor, and changes nothing. @throws finish_link_unknown (404) */
export async function viewFinish(ctx: Context, key: string): Promise<FinishView> {
  const { link, dunning_case, payer } = await getFinishLink(ctx.db, key);
  const at = ctx.clock.now();
  const due = dueAt(await loadDues(ctx.db, payer, at, { renewing_only: true }), dunning_case);
  const { attempt, charge } = await findPayment(ctx.db, link);
  return { dunning_case, payer, due, attempt, charge, state: finishState({ dunning_case, due, attempt, charge }, at) };
}

/** Finds the newest payment that a link began. */
export async function findPayment(reader: Reader, { charge_attempt_id }: FinishLink) {
  if (charge_attempt_id === null) return { attempt: undefined, charge: undefined };
  return {
    attempt: await findAttempt(reader, charge_attempt_id),
    charge: await findChargeOfAttempt(reader, charge_attempt_id),
  };
}
