import { chargeStep, isCurrency } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { singleLine } from '#kernel/text';
import { findEventEntries, postEvent } from '#ledger';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { CreditId, ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { randomKey40 } from '#platform/security/crypto';
import { lockProfile } from '#profiles';
import { givenEntry } from './credit-entries.ts';
import { findLot, insertLots, nextNumber, takeLotNumbers } from './credit-store.ts';
import type { Lot } from './lot.ts';

/** Most that is given at once, in 1/100 of the unit. */
export const GIVEN_AMOUNT_MAX = 100_000_000_000;

export interface Gift {
  /** The holder. */
  profile_id: ProfileId;
  provider_id: ProfileId;
  /** In 1/100 of the unit, 1…GIVEN_AMOUNT_MAX. */
  amount: number;
  unit: string;
  descr: string;
  /** Idempotency key of the request; null without one. */
  request_key: string | null;
}

/**
 * Gives credit without a sale: a lot that cannot be paid out, against Writeoff of the provider. A retry with the same
 * `request_key` returns the first lot.
 *
 * Locks: the holder's profile.
 * @throws invalid_input (400) naming `unit`, `amount` or `descr`
 */
export async function giveCredit(ctx: Context, gift: Gift): Promise<Lot> {
  const { profile_id, provider_id, amount, unit, request_key } = gift;
  if (!isCurrency(unit)) throw invalidInput({ unit: [`'${unit}' is not a currency.`] });
  if (amount % chargeStep(unit) !== 0) throw invalidInput({ amount: [`Amounts in ${unit} are whole numbers.`] });
  const description = singleLine(gift.descr).trim();
  if (description === '') throw invalidInput({ descr: ['This field may not be blank.'] });
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    await lockProfile(tx, profile_id);
    const key = `credit:${request_key ?? randomKey40()}`;
    const earlier = await findEventEntries(tx, key);
    const number = earlier?.[0]?.subject_id ?? null;
    const credit_id = number === null ? nextNumber(await takeLotNumbers(tx, 1)) : (Number(number) as CreditId);
    if (number === null) {
      const entry = givenEntry({ credit_id, provider_id, amount, unit, description });
      const [posted] = await postEvent(tx, { key, kind: 'credit', at, entries: [entry] });
      if (posted)
        await insertLots(tx, posted.ledger_event_id, [
          {
            id: credit_id,
            profile_id,
            provider_id,
            unit,
            amount,
            balance: amount,
            is_refundable: false,
            source_line_id: null,
            description,
            created_by: actorId(ctx),
            created_at: at,
            returned_use_id: null,
          },
        ]);
    }
    const lot = await findLot(tx, profile_id, credit_id);
    if (!lot) throw invalidInput({ amount: ['The key of this request was used for another profile.'] });
    return lot;
  });
}
