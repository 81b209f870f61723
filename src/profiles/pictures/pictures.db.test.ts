import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import type { User } from '#accounts';
import { apiClient } from '../../../test/support/client.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { testContext } from '../../../test/support/context.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { inTransaction } from '#platform/db/database';
import { openOrExtend } from '#subscriptions';
import { convertPicture, PICTURE_BYTES_MAX } from './picture.ts';

let app: TestApp;
let xia: User;

before(async () => {
  app = await startApp();
  xia = await makeReadyUser(app.db, { username: 'xia', personal: true });
});
after(() => app.close());

const red = async (width = 40, height = 20) =>
  sharp({ create: { width, height, channels: 3, background: 'red' } })
    .withExif({ IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSLatitudeRef: 'N' } })
    .jpeg()
    .toBuffer();

async function send(user: User, url: string, file: Uint8Array | null, method: 'POST' | 'DELETE' = 'POST') {
  const payload =
    file === null
      ? ''
      : Buffer.concat([
          Buffer.from('--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'),
          file,
          Buffer.from('\r\n--x--\r\n'),
        ]);
  const headers = {
    authorization: `Bearer ${await tokenOf(app, user)}`,
    ...(file === null ? {} : { 'content-type': 'multipart/form-data; boundary=x' }),
  };
  return app.http.inject({ method, url, headers, payload });
}

const keyOf = (location: string) => /\/pictures\/([0-9a-f]{40})$/.exec(location)?.[1] ?? '';
const shown = async (slug: string) =>
  apiClient(app, await tokenOf(app, xia))('GET', `/api/profile/${slug}`).then(
    (response) => response.json<{ picture: string | null }>().picture,
  );

test('a picture is a square WebP without metadata; the name of the file says nothing', async () => {
  const converted = await convertPicture(await red());
  assert.ok(typeof converted !== 'string');
  const { format, width, height, exif } = await sharp(converted).metadata();
  assert.deepEqual({ format, width, height, exif }, { format: 'webp', width: 256, height: 256, exif: undefined });
});

test('files that are no picture of a known format, too large, or too many pixels are refused', async () => {
  const text = (content: string) => convertPicture(Buffer.from(content));
  assert.equal(await text('hello'), 'picture_unreadable');
  assert.equal(await text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'), 'picture_unreadable');
  assert.equal(await text('%PDF-1.4\n%%EOF'), 'picture_unreadable');
  assert.equal(await convertPicture(Buffer.alloc(PICTURE_BYTES_MAX + 1)), 'picture_too_large');
  const cut = (await red(400, 400)).subarray(0, 600);
  assert.equal(await convertPicture(cut), 'picture_unreadable');
  const bomb = await sharp({ create: { width: 6000, height: 6000, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  assert.ok(bomb.length < PICTURE_BYTES_MAX);
  assert.equal(await convertPicture(bomb), 'picture_unreadable');
  const tiff = await sharp(await red())
    .tiff()
    .toBuffer();
  assert.equal(await convertPicture(tiff), 'picture_unreadable');
});

test('a user and the personal profile have one picture, which replaces and deletes the one before', async () => {
  const first = await send(xia, '/api/users/xia/picture', await red());
  assert.equal(first.statusCode, 201, first.body);
  const { location } = first.json<{ location: string }>();
  assert.equal(await shown('xia'), location);
  const served = await app.http.inject({ url: new URL(location).pathname });
  assert.equal(served.headers['content-type'], 'image/webp');
  assert.equal(served.headers['x-content-type-options'], 'nosniff');
  assert.match(String(served.headers['content-security-policy']), /default-src 'none'/);

  const second = await send(xia, '/api/profile/xia/picture', await red(30, 60));
  assert.equal(second.statusCode, 201, second.body);
  assert.equal((await app.http.inject({ url: new URL(location).pathname })).statusCode, 404);
  const user = await app.db.selectFrom('users').select('picture').where('id', '=', xia.id).executeTakeFirstOrThrow();
  assert.equal(user.picture, second.json<{ location: string }>().location);

  assert.equal((await send(xia, '/api/users/xia/picture', null, 'DELETE')).statusCode, 204);
  assert.equal(await shown('xia'), null);
  assert.deepEqual(await app.db.selectFrom('pictures').select('key').execute(), []);
});

test('a picture that two profiles show stays until neither shows it', async () => {
  const { location } = (await send(xia, '/api/users/xia/picture', await red())).json<{ location: string }>();
  await makeOrganization(app.db, { slug: 'copied', manager: xia });
  await app.db.updateTable('profiles').set({ picture: location }).where('slug', '=', 'copied').execute();
  await send(xia, '/api/users/xia/picture', null, 'DELETE');
  const found = async () =>
    app.db.selectFrom('pictures').select('key').where('key', '=', keyOf(location)).executeTakeFirst();
  assert.ok(await found());
  assert.equal((await send(xia, '/api/profile/copied/picture', null, 'DELETE')).statusCode, 204);
  assert.equal(await found(), undefined);
});

test('other users and providers of the profile cannot change a picture; bad files name the reason', async () => {
  const eve = await makeReadyUser(app.db, { username: 'eve' });
  assert.equal((await send(eve, '/api/users/xia/picture', await red())).statusCode, 403);
  assert.equal((await send(eve, '/api/profile/xia/picture', await red())).statusCode, 403);
  const pat = await makeReadyUser(app.db, { username: 'pat' });
  const prov = await makeOrganization(app.db, { slug: 'prov', manager: pat, is_provider: true });
  const plan = await makePlan(await testContext(app.db), { provider_id: prov.id, slug: 'basic' });
  const acme = await makeOrganization(app.db, { slug: 'acme', manager: xia });
  await inTransaction(app.db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at: app.clock.now() }),
  );
  const refused = await send(pat, '/api/profile/acme/picture', await red());
  assert.equal(refused.statusCode, 403);

  const broken = await send(xia, '/api/profile/acme/picture', Buffer.from('no picture'));
  assert.equal(broken.statusCode, 415);
  assert.equal(broken.json<{ code: string }>().code, 'picture_unreadable');
  const large = await send(xia, '/api/profile/acme/picture', Buffer.alloc(PICTURE_BYTES_MAX + 1));
  assert.equal(large.json<{ code: string }>().code, 'picture_too_large');
  const missing = await apiClient(app, await tokenOf(app, xia))('POST', '/api/profile/acme/picture', {});
  assert.equal(missing.status, 400);
});
