import type { Selectable } from 'kysely';
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
