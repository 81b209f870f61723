import type { Static } from 'typebox';
import type { FraudWarning } from '../records/index.ts';
import type { ChargeParts } from './charge-page-type.ts';

type WarningPart = Static<typeof ChargeParts>['warnings'][number];

/** Presents the warnings of fraud about a charge, the newest first: what the bank says, and what can be done. Pure. */
export function viewWarnings(warnings: readonly FraudWarning[]): WarningPart[] {
  return warnings.toReversed().map(({ processor_key, fraud_type, is_actionable, warned_at }) => ({
    text: is_actionable
      ? 'The bank of the card reports this payment as probably fraudulent. No money moved so far. A whole refund avoids a dispute and its fee.'
      : 'The bank of the card reported this payment as probably fraudulent. It was refunded or disputed since: nothing is to be done.',
    facts: [
      { label: 'Reported as', value: types.get(fraud_type) ?? fraud_type.replaceAll('_', ' ') },
      { label: 'Reported on', at: warned_at.toISOString() },
      { label: 'Reference', value: processor_key, code: true },
    ],
  }));
}

/** Types of Stripe. Another one is shown as it is. */
const types: ReadonlyMap<string, string> = new Map([
  ['card_never_received', 'Card that never reached its holder'],
  ['fraudulent_card_application', 'Card applied for under a false name'],
  ['made_with_counterfeit_card', 'Counterfeit card'],
  ['made_with_lost_card', 'Lost card'],
  ['made_with_stolen_card', 'Stolen card'],
  ['misc', 'No reason given'],
  ['unauthorized_use_of_card', 'Use that the card holder did not allow'],
]);
