export { acceptCard, brandOf, fingerprintOf, refuseCard, type AcceptedCard, type CardEntry } from './card-entry.ts';
export { decideAttach, decideCharge, type CardOutcome, type ChargeManner } from './card-outcome.ts';
export {
  findCardByKey,
  findCardByNumber,
  findMagicBankAccount,
  findMagicCard,
  test_bank_accounts,
  test_cards,
  type Decline,
  type TestCard,
} from './test-cards.ts';
