/**
 * Races of changes of a plan: concurrent requests to two nodes for one subscription. On a PGlite, one node takes all
 * requests through one connection.
 */
import assert from 'node:assert/strict';
import { buy, cardOf, type Cast, cast, countCharges, nodes, type Race, race, requireWinners } from './race.ts';

const subscriptionUrl = (buyer: string, plan: string) => `/api/profile/${buyer}/subscriptions/${plan}`;

/** Sells the first plan to a buyer and previews the change to the second one. */
async function previewChange(): Promise<{ scene: Cast; buyer: string; url: string; body: Record<string, unknown> }> {
  const scene = await cast();
  const { site, model, plan, buyers } = scene;
  const [buyer] = buyers;
  const [, to] = model.plans;
  assert(to);
  await buy(scene, buyer);
  const url = subscriptionUrl(buyer, plan.slug);
  const shown = await site.call(buyer, 'GET', `${url}/change?to=${to.slug}`);
  assert.equal(shown.status, 200, shown.text);
  const body = { to: to.slug, preview_key: shown.json()['preview_key'], processor_token: cardOf('accepted') };
  return { scene, buyer, url, body };
}

/** Returns the plans of the subscriptions of a buyer that run. */
async function runningPlans({ site }: Cast, buyer: string): Promise<string[]> {
  const list = await site.call(buyer, 'GET', `/api/profile/${buyer}/subscriptions`);
  return list.json<{ results: { plan: { slug: string } }[] }>().results.map(({ plan }) => plan.slug);
}

export const races_of_changes: readonly Race[] = [
  {
    name: 'four concurrent changes with one key charge once and change the plan once',
    async run() {
      const { scene, buyer, url, body } = await previewChange();
      const replies = await race(4, (node) => scene.site.call(buyer, 'POST', `${url}/change`, body, { node }));
      const done = replies.filter(({ status }) => status === 200).length;
      requireWinners(replies, { 200: done }, ['409 checkout_in_flight']);
      assert.ok(done >= 1);
      assert.deepEqual(await countCharges(buyer), { processor: 2, site: 2 });
      assert.deepEqual(await runningPlans(scene, buyer), [body['to']]);
      // A later retry gets the first outcome.
      const again = await scene.site.call(buyer, 'POST', `${url}/change`, body, { node: nodes[1] });
      assert.equal(again.status, 200, again.text);
      assert.deepEqual(await countCharges(buyer), { processor: 2, site: 2 });
    },
  },
  {
    name: 'a change and an unsubscription at one time have one outcome',
    async run() {
      const { scene, buyer, url, body } = await previewChange();
      const [changed, ended] = await Promise.all([
        scene.site.call(buyer, 'POST', `${url}/change`, body, { node: nodes[0] }),
        scene.site.call(buyer, 'DELETE', url, undefined, { node: nodes[1] }),
      ]);
      assert.ok([200, 404, 409].includes(changed.status), changed.text);
      assert.ok([200, 204, 404, 409].includes(ended.status), ended.text);
      const charges = changed.status === 200 ? 2 : 1;
      assert.deepEqual(await countCharges(buyer), { processor: charges, site: charges });
      assert.deepEqual(await runningPlans(scene, buyer), changed.status === 200 ? [body['to']] : []);
    },
  },
];
