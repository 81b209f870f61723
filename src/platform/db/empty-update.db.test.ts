import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { inTransaction } from './database.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test('an update that sets no column returns the matching rows and changes none', async () => {
  const at = new Date('2026-03-10T15:00:00.000Z');
  await inTransaction(database.db, async (tx) => {
    const rows = ['first', 'second'].map((slug) => ({ slug, title: slug, updated_at: at }));
    await tx.insertInto('agreements').values(rows).execute();
    for (const change of [{}, { title: undefined }]) {
      const update = tx.updateTable('agreements').set(change).where('slug', '=', 'first');
      assert.deepEqual(await update.returning(['slug', 'title']).execute(), [{ slug: 'first', title: 'first' }]);
      await update.execute();
    }
    const none = tx.updateTable('agreements').set({}).where('slug', '=', 'third').returningAll();
    assert.equal(await none.executeTakeFirst(), undefined);
  });
  const titles = await database.db.selectFrom('agreements').select('title').orderBy('title').execute();
  assert.deepEqual(
    titles.map(({ title }) => title),
    ['first', 'second'],
  );
});
