import { cancelRefunds, changeModes, type PlanInput, type PlanTerms, termsMax } from '#catalog';
import { checkbox, choice, optional } from '#platform/pages/forms/fields';
import { wholeNumber } from '#platform/pages/forms/number-fields';

const mode_labels: Record<(typeof changeModes)[number], string> = {
  prorate: 'Now; unused time is credited',
  period_end: 'At the end of what is paid',
  none: 'Now; the new price from the next renewal',
  full: 'Now; a full new period and no credit',
  refused: 'Not offered',
};
const refund_labels: Record<(typeof cancelRefunds)[number], string> = {
  none: 'No money back',
  credit: 'Unused time becomes credit',
  unused: 'Unused time is refunded to the card',
};
const modes = changeModes.map((value) => ({ value, label: mode_labels[value] }));
const refunds = cancelRefunds.map((value) => ({ value, label: refund_labels[value] }));

/** Fields of the editor for the terms of running subscriptions, by the names of their columns. */
export const terms_fields = {
  trial_days: wholeNumber({
    label: 'Free trial, in days',
    max: termsMax.trial_days,
    help: '0 for none. Once per subscriber, and once per card. The first payment is at its end.',
  }),
  trial_requires_card: checkbox({
    label: 'Ask for a card at the start of the trial',
    help: 'When off, a trial without a card ends at its last day.',
  }),
  upgrade_mode: choice({ label: 'From a plan of less value', choices: modes }),
  downgrade_mode: choice({ label: 'From a plan of more value', choices: modes }),
  crossgrade_mode: choice({ label: 'From a plan of equal value', choices: modes }),
  tier: optional(
    wholeNumber({
      label: 'Rank among your plans',
      max: termsMax.tier,
      help: 'Decides which of two plans is higher when both have a rank. Otherwise their price per year does.',
    }),
  ),
  pause_days_max: wholeNumber({
    label: 'Longest pause, in days',
    max: termsMax.pause_days,
    help: '0 for none. A subscriber may pause once in each period; paid time is kept.',
  }),
  quantity_min: wholeNumber({ label: 'Smallest quantity', min: 1, max: termsMax.quantity }),
  quantity_max: optional(
    wholeNumber({
      label: 'Largest quantity',
      min: 1,
      max: termsMax.quantity,
      help: 'Empty: not sold by quantity. Otherwise the price is for each of them.',
    }),
  ),
  cancel_refund: choice({
    label: 'When a subscriber ends it before the paid time is over',
    choices: refunds,
    help: 'You may always choose more when you end it.',
  }),
  money_back_days: wholeNumber({
    label: 'Money back, in days',
    max: termsMax.money_back_days,
    help: '0 for none. Within this time a subscriber may end it with a full refund.',
  }),
} as const;

/** Converts the modes of a form to the member of the API. Pure. */
export function withModes<Input extends Pick<PlanTerms, 'upgrade_mode' | 'downgrade_mode' | 'crossgrade_mode'>>(
  input: Input,
): Omit<Input, 'upgrade_mode' | 'downgrade_mode' | 'crossgrade_mode'> & Required<Pick<PlanInput, 'change_modes'>> {
  const { upgrade_mode: upgrade, downgrade_mode: downgrade, crossgrade_mode: crossgrade, ...rest } = input;
  return { ...rest, change_modes: { upgrade, downgrade, crossgrade } };
}
