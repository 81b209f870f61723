import type { Selectable } from 'kysely';
import type { FieldMessages } from '#kernel/problem';
import type { DunningTermsTable, JsonValue } from '#platform/db/db-schema';

/** Rules of dunning, as a case keeps them from day 0 on. */
export interface DunningTerms {
  /** Days after day 0 at which the card is charged again, in increasing order. */
  retry_days: readonly number[];
  grace_days: number;
  access: 'keep' | 'after_days' | 'none';
  /** With `after_days`. */
  access_days: number;
  /** What happens at the end of the grace. */
  end: 'end' | 'suspend' | 'keep';
  /** The price of the used part of a subscription that ended. */
  used_part: 'due' | 'written_off';
}

/** The settings of the site. */
export interface DunningSettings {
  dunning_retry_days: readonly number[];
  dunning_grace_days: number;
  dunning_access: DunningTerms['access'];
  dunning_access_days: number;
  dunning_end: DunningTerms['end'];
  dunning_used_part: DunningTerms['used_part'];
}

/** Rules that a provider set; null where it takes the setting of the site. */
export type OwnTerms = { readonly [Name in keyof DunningTerms]: DunningTerms[Name] | null };

export const NO_OWN_TERMS: OwnTerms = {
  retry_days: null,
  grace_days: null,
  access: null,
  access_days: null,
  end: null,
  used_part: null,
};

/** Most retries of one case. */
export const RETRIES_MAX = 10;

/** Converts the stored rules of a provider. */
export function readOwnTerms(own: Selectable<DunningTermsTable> | undefined): OwnTerms {
  if (!own) return NO_OWN_TERMS;
  const { retry_days, grace_days, access, access_days, ends: end, used_part } = own;
  return { retry_days: readDays(retry_days), grace_days, access, access_days, end, used_part };
}

/**
 * Returns what is wrong with the rules that a provider would have, by field; empty if nothing is. `own` says which
 * fields the provider set: a rule of the site that does not fit is reported at them. Pure.
 */
export function findTermFaults(terms: DunningTerms, own: OwnTerms): FieldMessages {
  const { retry_days, grace_days, access, access_days, end } = terms;
  const errors: Record<string, string[]> = {};
  const isRising = retry_days.every((day, index) => index === 0 || day > (retry_days[index - 1] ?? 0));
  if (!isRising) errors['retry_days'] = ['Write the days in increasing order, each once.'];
  const last = retry_days.at(-1) ?? 0;
  if (isRising && end !== 'keep' && last > grace_days) {
    const name = own.retry_days === null ? 'grace_days' : 'retry_days';
    errors[name] = [`The last retry is on day ${last}, but the grace ends on day ${grace_days}.`];
  }
  if (access === 'after_days' && end !== 'keep' && access_days > grace_days) {
    const name = own.access_days === null ? 'access' : 'access_days';
    errors[name] = [`Access would end on day ${access_days}, after the grace, which ends on day ${grace_days}.`];
  }
  return errors;
}

/** Returns the rules of a provider: its own where it set them, else those of the site. */
export function dunningTerms(site: DunningSettings, own: Selectable<DunningTermsTable> | undefined): DunningTerms {
  return {
    retry_days: readDays(own?.retry_days ?? null) ?? site.dunning_retry_days,
    grace_days: own?.grace_days ?? site.dunning_grace_days,
    access: own?.access ?? site.dunning_access,
    access_days: own?.access_days ?? site.dunning_access_days,
    end: own?.ends ?? site.dunning_end,
    used_part: own?.used_part ?? site.dunning_used_part,
  };
}

function readDays(stored: JsonValue): readonly number[] | null {
  return Array.isArray(stored) ? stored.filter((day) => typeof day === 'number') : null;
}
