/** Seeds of `tollgate simulate` that found a fault once. Each is repeated by `npm run proof` for ever. */
export const failed_seeds: readonly { seed: number; subscribers: number; months: number }[] = [];
