/** Seeds of the calendar that found a fault once. Each is repeated by `npm run proof`. */
export const failed_seeds: readonly number[] = [
  // A cancellation at the end of the period gave back no renewal that was ordered ahead and that a pause moved.
  20_261_139,
  // The diary granted free uses again after a pause.
  20_261_141,
];
