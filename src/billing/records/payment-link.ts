import type { Selectable } from 'kysely';
import type { PaymentLinksTable } from '#platform/db/db-schema';

/** Code that pays an order placed without paying. `is_closed`: the provider collected the order or wrote it off. */
export interface PaymentLink extends Omit<Selectable<PaymentLinksTable>, 'claim_code_hash'> {
  is_closed: boolean;
}
