export { acceptCard, brandOf, fingerprintOf, refuseCard, type AcceptedCard, type CardEntry } from './card-entry.ts';
export { decideAttach, decideCharge, type CardOutcome, type ChargeManner } from './card-outcome.ts';
export { findCardByKey, findMagicBankAccount, findMagicCard, type Decline, type TestCard } from './test-cards.ts';
