import assert from 'node:assert/strict';
import { apiClient } from '../../support/client.ts';
import type { Fate } from '../model/checkout.ts';
import { collect as collectLink, payLater as placeOrder, payLink } from '../model/links.ts';
import type { Model, Plan } from '../model/model.ts';
import { sendPayment, tokenOf } from '../outside.ts';
import { type Command, pick } from './command.ts';

/** The broker orders a plan for a buyer, who pays later. */
export function payLater(buyer: string, plan: Plan, option: number): Command {
  return {
    text: `the broker orders ${plan.slug} option ${option} for ${buyer}, to be paid later`,
    payers: [buyer],
    expect: (model) => placeOrder(model, buyer, plan, option),
    async send(site) {
      const broker = site.managerOf('cowork');
      const url = `/api/billing/${buyer}/checkout`;
      await site.call(broker, 'DELETE', '/api/cart');
      const added = await site.call(broker, 'POST', '/api/cart', { plan: plan.slug, option });
      // A concurrent sequence can fill the cart after it was emptied. Without one, the model expects no such refusal.
      if (added.status !== 201) return added;
      const reply = await site.call(broker, 'POST', `${url}/paylater`, {});
      if (reply.status === 201) site.links.push(reply.json<{ claim_code: string }>().claim_code);
      // A refused order leaves the cart as it was: the broker empties it.
      if (reply.status >= 400) await site.call(broker, 'DELETE', '/api/cart');
      return reply;
    },
  };
}

function linkOf(model: Model, code: string) {
  const link = model.links.find((each) => each.code === code);
  assert(link, 'the model has the link');
  return link;
}

/** A caller without an account pays the order of a link. */
export function payByLink(drawn: number, fate: Fate): Command {
  return {
    text: `payment link ${drawn} is paid, ${fate}`,
    payers: [],
    expect(model, { links }) {
      const code = pick(links, drawn);
      return code === undefined ? null : payLink(model, linkOf(model, code), fate);
    },
    async send(site, { links }) {
      const code = pick(links, drawn);
      if (code === undefined) return { status: 204, text: '' };
      const body = { processor_token: tokenOf(site.app, fate) };
      const send = () => apiClient(site.app)('POST', `/api/billing/payments/${code}`, body);
      return sendPayment(site.app, fate, send);
    },
  };
}

/** The provider closes a link: the money came elsewhere, or is written off. */
export function collect(drawn: number, kind: 'write_off' | 'offline_payment'): Command {
  return {
    text: `payment link ${drawn} is closed by ${kind}`,
    payers: [],
    expect(model, { links }) {
      const code = pick(links, drawn);
      return code === undefined ? null : collectLink(model, linkOf(model, code), kind);
    },
    async send(site, { links }) {
      const code = pick(links, drawn);
      if (code === undefined) return { status: 204, text: '' };
      const provider = await site.sellerOf(code);
      const url = `/api/billing/${provider}/payments/${code}/collected`;
      return site.call(site.managerOf(provider), 'POST', url, { paid: kind === 'offline_payment' });
    },
  };
}
