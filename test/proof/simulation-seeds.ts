/** Seeds of `tollgate simulate` that found a fault once. Each is repeated by `npm run proof` for ever. */
export const failed_seeds: readonly { seed: number; subscribers: number; months: number }[] = [
  // The comparison took the negative of an empty account for another value than 0.
  { seed: 4242, subscribers: 5, months: 0.4 },
  // The rule took a period that a pause had moved before it began for time that overlaps.
  { seed: 20_261_127, subscribers: 150, months: 12 },
];
