import { randomFillSync } from 'node:crypto';

const id_bytes = 12;
const pool = Buffer.allocUnsafe(id_bytes * 512);
let next = pool.length;

/** Returns a random request id of 24 hexadecimal digits. One call of the CSPRNG makes 512 of them. */
export function makeRequestId(): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const id = pool.toString('hex', next, next + id_bytes);
  next += id_bytes;
  return id;
}
