import type { Reader, Tx } from '#platform/db/database';

export async function insertPicture(tx: Tx, picture: { key: string; bytes: Buffer; created_at: Date }): Promise<void> {
  await tx.insertInto('pictures').values(picture).execute();
}

export async function findPicture(reader: Reader, key: string): Promise<Uint8Array | null> {
  const row = await reader.selectFrom('pictures').select('bytes').where('key', '=', key).executeTakeFirst();
  return row?.bytes ?? null;
}
