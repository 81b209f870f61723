import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { mergeReads } from '#platform/db/merge-reads';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { findSavedCard } from '#payments';
import { presentSavedCard } from '../cards/index.ts';
import { findTrialCharge } from '../trials/index.ts';
import { openSubscription, SubscriptionParams } from './open-subscription.ts';
import { trialPage } from './trial-page-type.ts';

/** Page of a trial: when it ends, what is charged then, and by which card. 404 for a subscription without a trial. */
export function trialPages(app: App): void {
  const options = {
    config: { access: { kind: 'provider', frictionless: true }, page: true },
    schema: { hide: true, params: SubscriptionParams },
  } as const;
  app.get('/profile/:profile/subscriptions/:plan/trial/', options, async (request, reply) => {
    const opened = await openSubscription(request);
    const { subscription, plan, subscriber, at, may_edit } = opened;
    const { trial_ends_at } = subscription;
    if (trial_ends_at === null || trial_ends_at <= at) throw commonProblems.not_found();
    const [charge, card] = await mergeReads(request.ctx.db, [
      (reader) => findTrialCharge(reader, subscription, plan),
      (reader) => findSavedCard(reader, subscriber.id),
    ]);
    if (!charge) throw commonProblems.not_found();
    const money = (amount: number) => ({ amount, unit: plan.unit });
    const { amount, full_amount, setup_amount } = charge;
    return reply.page(trialPage, {
      ...opened.parts,
      is_seller: opened.is_seller,
      created_at: subscription.created_at,
      ends_at: trial_ends_at,
      first: {
        money: money(amount),
        full: full_amount > amount ? money(full_amount) : null,
        setup: setup_amount > 0 ? money(setup_amount) : null,
        total: money(amount + setup_amount),
        period_type: plan.period_type,
        period_length: plan.period_length,
        renews: plan.renewal_type === 'auto-renew',
      },
      is_cancelled: !subscription.auto_renew,
      has_card: card !== undefined,
      card: card && !opened.is_seller ? presentSavedCard(card) : null,
      card_url: withNext(paths.card(subscriber.slug), paths.trial(subscriber.slug, plan.slug)),
      change_url: may_edit ? paths.changeSubscription(subscriber.slug, plan.slug) : null,
      stop_url: may_edit ? paths.stopSubscription(subscriber.slug, plan.slug) : null,
    });
  });
}
