import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findPlanBySlug, findPlansByIds, type Plan } from '#catalog';
import { periodNoun } from '#kernel/period';
import { invalidInput } from '#kernel/problem';
import type { UserId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { readUploadedForm, uploadedFile } from '#platform/http/uploaded-form';
import { addPeople, mergeVisitorCart, parsePerson, UPLOAD_ROWS_MAX } from '../cart/index.ts';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getPayer, loadPayerSummary } from '../payer.ts';
import { findCartPlanIds, findSeatItems } from '../records/index.ts';
import { confirmPeople } from './confirm-people.ts';
import { cartSeatsPage } from './page-types.ts';
import { type PeoplePreview, previewPeople, seatOptions } from './preview-people.ts';
import { removePeople } from './remove-people.ts';

/** People that the page lists. */
const PEOPLE_LISTED_MAX = 100;

/**
 * Page on which a bulk buyer names the people of an order: one by one, or with a list whose effect is shown before it
 * is added. Other buyers continue to the checkout.
 */
export function cartSeatsPages(app: App): void {
  const url = '/billing/:profile/cart-seats/';
  const options = {
    config: { access: { kind: 'direct', frictionless: true }, page: true },
    schema: { hide: true, querystring: OrderQuerySchema, params: Type.Object({ profile: Type.String() }) },
  } as const;
  app.get(url, options, async (request, reply) => {
    await mergeVisitorCart(request.ctx);
    return showSeats(request, reply);
  });
  app.post(url, { ...options, preValidation: readUploadedForm }, async (request, reply) => {
    const { payer, owner } = await getPayer(request);
    const plan = payer.is_bulk_buyer ? await findPostedPlan(request) : null;
    if (!plan) return reply.redirect(paths.cart(payer.slug, { next: readNext(request) }), 303);
    const { ctx, body } = request;
    try {
      if (textField(body, 'action', 20) === 'preview') {
        const option = Number(textField(body, 'option', 4)) || 0;
        const asked = { plan, option, bytes: uploadedFile(request) };
        return await showSeats(request, reply, { plan, preview: await previewPeople(ctx, owner.user_id, asked) });
      }
      reply.flash('success', await changeSeats(request, owner.user_id, plan));
    } catch (error) {
      const refused = problemToForm(error);
      const form = { full_name: textField(body, 'full_name', 150), email: textField(body, 'email', 254) };
      return showSeats(request, reply, { plan, refused, form });
    }
    return reply.redirect(paths.cartSeats(payer.slug, { plan: plan.slug, next: readNext(request) }), 303);
  });
}

/** Runs the action of a form; returns a sentence for the buyer. */
async function changeSeats(request: FastifyRequest, user_id: UserId, plan: Plan): Promise<string> {
  const { ctx, body } = request;
  switch (textField(body, 'action', 20)) {
    case 'confirm': {
      const count = await confirmPeople(ctx, user_id, textField(body, 'key', 40));
      return count === 1 ? 'One person is in the cart.' : `${count} people are in the cart.`;
    }
    case 'remove':
      await removePeople(ctx, user_id, { plan_id: plan.id, email: textField(body, 'email', 254) });
      return 'The person was removed from the cart.';
    case 'clear':
      await removePeople(ctx, user_id, { plan_id: plan.id, email: null });
      return 'All people were removed from the cart.';
    default: {
      const person = parsePerson([textField(body, 'full_name', 200), textField(body, 'email', 254)]);
      if ('error' in person)
        throw invalidInput(typeof person.error === 'string' ? { email: [person.error] } : person.error);
      await addPeople(ctx, { user_id }, plan.slug, [person], Number(textField(body, 'option', 4)) || 1);
      return `${person.full_name} is in the cart.`;
    }
  }
}

async function findPostedPlan({ ctx, body }: FastifyRequest): Promise<Plan | null> {
  const plan = await findPlanBySlug(ctx.db, textField(body, 'plan', 50));
  return plan?.is_active && !plan.is_not_priced ? plan : null;
}

interface Shown {
  plan?: Plan;
  preview?: PeoplePreview;
  refused?: FormProblem;
  form?: Record<string, string>;
}

async function showSeats(
  request: FastifyRequest,
  reply: FastifyReply,
  { plan: posted, preview, refused, form = {} }: Shown = {},
): Promise<FastifyReply> {
  const { ctx } = request;
  const { payer, owner } = await getPayer(request);
  const next = readNext(request);
  if (!payer.is_bulk_buyer) return reply.redirect(paths.checkout(payer.slug, next), 303);
  const [profile, plan_ids] = await mergeReads(ctx.db, [
    (reader) => loadPayerSummary(reader, payer),
    (reader) => findCartPlanIds(reader, owner.user_id),
  ]);
  const slug = textField(request.query, 'plan', 50);
  const [inCart, named] = await mergeReads(ctx.db, [
    (reader) => findPlansByIds(reader, plan_ids),
    (reader) => (posted || slug === '' ? Promise.resolve(posted) : findPlanBySlug(reader, slug)),
  ]);
  const plans = [...inCart.values()].filter((each) => each.is_active && !each.is_not_priced);
  const plan = (named?.is_active && !named.is_not_priced ? named : null) ?? plans[0];
  if (!plan) return reply.redirect(paths.cart(payer.slug, { next }), 303);
  const { people, count } = await findSeatItems(ctx.db, owner.user_id, plan.id, PEOPLE_LISTED_MAX);
  const all = plans.some(({ id }) => id === plan.id) ? plans : [...plans, plan];
  return reply.page(
    cartSeatsPage,
    {
      profile,
      plans: all.map((each) => ({
        slug: each.slug,
        title: each.title,
        href: paths.cartSeats(payer.slug, { plan: each.slug, next }),
      })),
      plan: { slug: plan.slug, title: plan.title },
      options: seatOptions(plan, ctx.clock.now()).map(({ amount, unit, periods_count, discounts }, index) => ({
        number: index + 1,
        label: [`${periods_count} ${periodNoun(plan.period_type, periods_count)}`, ...discounts].join(', '),
        price: { amount, unit },
      })),
      people,
      people_count: count,
      more_count: count - people.length,
      preview: preview ? { ...preview, rejected_count: new Set(preview.faults.map(({ row }) => row)).size } : null,
      rows_max: UPLOAD_ROWS_MAX,
      continue_url: paths.checkout(payer.slug, next),
      form,
      ...(refused ? { detail: refused.detail, errors: refused.errors } : {}),
    },
    refused?.status ?? 200,
  );
}
