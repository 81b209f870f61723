/**
 * Races: concurrent requests to two nodes with their own connections for one contended resource. Exactly one wins; the
 * others get the documented refusal. On a PGlite, one node takes all requests through one connection.
 *
 * README.md lists the contended resources, also those of other files.
 */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { add, redeem } from './commands/buy.ts';
import {
  buy,
  cardOf,
  cast,
  checkout,
  countCharges,
  nodes,
  none,
  pay,
  type Race,
  race,
  requireWinners,
} from './race.ts';

export const races_of_orders: readonly Race[] = [
  {
    name: 'the last redemption of a coupon goes to one of three buyers; the others are shown the price without it',
    async run() {
      const scene = await cast();
      const { site, model, plan, buyers } = scene;
      const [coupon] = model.coupons;
      assert(coupon);
      await site.app.db.updateTable('coupons').set({ nb_attempts: 1 }).where('code', '=', coupon.code).execute();
      for (const buyer of buyers) {
        await add(buyer, plan, 1, null).send(site, none);
        await redeem(buyer, coupon).send(site, none);
      }
      const replies = await race(3, (node, index) => pay(scene, buyers[index] ?? buyers[0], cardOf('accepted'), node));
      requireWinners(replies, { 201: 1 }, ['409 cart_changed']);
      const [left] = await site.app.db
        .selectFrom('coupons')
        .select('nb_attempts')
        .where('code', '=', coupon.code)
        .execute();
      assert.equal(left?.nb_attempts, 0);
      assert.deepEqual(
        replies.filter(({ status }) => status === 201).map((reply) => reply.json<{ amount: number }>().amount),
        [plan.amount / 2],
      );
    },
  },
  {
    name: 'six concurrent checkouts of one cart charge once',
    async run() {
      const scene = await cast();
      const [buyer] = scene.buyers;
      await add(buyer, scene.plan, 1, null).send(scene.site, none);
      // 200 without a charge: the winner had emptied the cart.
      requireWinners(await race(6, (node) => pay(scene, buyer, cardOf('accepted'), node)), { 201: 1 }, [
        '409 checkout_in_flight',
        '200',
      ]);
      assert.deepEqual(await countCharges(buyer), { processor: 1, site: 1 });
    },
  },
  {
    name: 'a code that is redeemed six times concurrently puts one seat into the cart',
    async run() {
      const scene = await cast();
      const { site, model } = scene;
      const [, , zoe] = scene.buyers;
      const [[email, owner] = assert.fail()] = [...model.people];
      await buy(scene, zoe, cardOf('accepted'), email);
      const [code] = await site.codesFor(email);
      await site.verify(email, true);
      const replies = await race(6, (node) => site.call(owner, 'POST', '/api/cart/redeem', { code }, { node }));
      requireWinners(replies, { 200: 6 }, []);
      const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from cart_items join users on users.id = user_id
      where claim_id is not null and recorded_at is null and username = ${owner}`.execute(site.app.db);
      assert.equal(rows[0]?.count, 1);
    },
  },
  {
    name: 'a claimed seat is either used or refunded in full, never both',
    async run() {
      const scene = await cast();
      const { site, model } = scene;
      const [, , zoe] = scene.buyers;
      const [[email, owner] = assert.fail()] = [...model.people];
      const key = await buy(scene, zoe, cardOf('accepted'), email);
      const [code] = await site.codesFor(email);
      await site.verify(email, true);
      assert.equal((await site.call(owner, 'POST', '/api/cart/redeem', { code })).status, 200);
      assert.equal((await site.call(owner, 'GET', checkout(owner))).status, 200);
      const [used, refunded] = await Promise.all([
        pay(scene, owner, cardOf('accepted'), nodes[1]),
        site.call(site.managerOf('cowork'), 'POST', `/api/billing/${zoe}/charges/${key}/refund`, {
          lines: [{ num: 0 }],
        }),
      ]);
      assert.equal(refunded.status, 201, refunded.text);
      assert.ok([200, 409].includes(used.status), used.text);
      const opened = await site.app.db
        .selectFrom('subscriptions')
        .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
        .select('subscriptions.id')
        .where('profiles.slug', '=', owner)
        .execute();
      assert.ok(opened.length <= 1);
    },
  },
  {
    name: 'orders of the holder and of two givers extend one subscription by three periods',
    async run() {
      const scene = await cast();
      const { site, plan, buyers } = scene;
      const [holder] = buyers;
      await buy(scene, holder);
      for (const buyer of buyers) {
        await add(buyer, plan, 1, holder).send(site, none);
        assert.equal((await site.call(buyer, 'GET', checkout(buyer))).status, 200);
      }
      const replies = await race(3, (node, index) => pay(scene, buyers[index] ?? holder, cardOf('accepted'), node));
      requireWinners(replies, { 201: 3 }, []);
      const list = await site.call(holder, 'GET', `/api/profile/${holder}/subscriptions`);
      const { results } = list.json<{ results: { created_at: string; ends_at: string }[] }>();
      const [only] = results;
      assert(only && results.length === 1);
      const began = new Date(only.created_at);
      began.setUTCMonth(began.getUTCMonth() + 4);
      assert.equal(only.ends_at, began.toISOString());
    },
  },
  {
    name: 'concurrent orders of three buyers get consecutive invoice numbers, and a declined one takes none',
    async run() {
      const scene = await cast(2);
      const { site, plan, buyers } = scene;
      for (const buyer of buyers) await add(buyer, plan, 1, null).send(site, none);
      const declined = buyers[2];
      const replies = await race(3, (node, index) => {
        const buyer = buyers[index] ?? declined;
        return pay(scene, buyer, buyer === declined ? cardOf('declined') : cardOf('accepted'), node);
      });
      requireWinners(replies, { 201: 2, '400 card_declined': 1 }, []);
      assert.equal((await pay(scene, declined)).status, 201);
      const { rows } = await sql<{ serial: number }>`
      select serial from documents join profiles on profiles.id = provider_id
      where slug = ${plan.provider} and series = 'invoice' order by serial`.execute(site.app.db);
      assert.deepEqual(
        rows.map(({ serial }) => serial),
        [1, 2, 3],
      );
    },
  },
];
