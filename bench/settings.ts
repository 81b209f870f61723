/** Duration and load of the measurement. */
export const seconds = positive('BENCH_SECONDS', 3);
export const rounds = positive('BENCH_ROUNDS', 3);
export const clients = positive('BENCH_CLIENTS', 8);
export const server =
  process.env['BENCH_DATABASE_URL'] ??
  process.env['TEST_DATABASE_URL'] ??
  'postgres://postgres@127.0.0.1:5432/postgres';

export function positive(name: string, preset: number, max = 3600): number {
  const value = Number(process.env[name] ?? preset);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new Error(`${name}: give a whole number from 1 to ${max}`);
  return value;
}
