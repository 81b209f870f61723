import type { Plan } from '#catalog';
import type { ProfileId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { linkAction, type RowAction } from '#platform/pages/lists/row-actions';
import { presentProfileDetail, type ProfileView } from '#profiles';
import { providersAt, type ProviderTerm, type Subscription, type TermState, termState } from '../records/index.ts';
import type { SubscriberRow } from './page-types.ts';

/** A subscription with its plan, its subscriber and the subscriptions of the subscriber to plans of any provider. */
export interface Subscriber {
  subscription: Subscription;
  plan: Plan;
  profile: ProfileView;
  terms: readonly ProviderTerm[];
}

/** Who looks at the subscribers of which provider. */
export interface SubscriberReader {
  provider: { id: ProfileId; slug: string };
  /** True if the caller may change subscriptions. */
  may_edit: boolean;
  /** True for the broker, who may open every profile. */
  is_broker: boolean;
  grace_days: number;
  at: Date;
}

const undisclosed = {
  email: '',
  phone: '',
  street_address: '',
  locality: '',
  region: '',
  postal_code: '',
  country: '',
};
export type ContactDetails = typeof undisclosed;

/** True if the provider has access to the profile of the subscriber: now, or in the days of grace. */
export function mayOpenFile({ terms }: Pick<Subscriber, 'terms'>, reader: SubscriberReader): boolean {
  if (reader.is_broker) return true;
  return providersAt(terms, reader.at, reader.grace_days).some(({ provider_id }) => provider_id === reader.provider.id);
}

/**
 * Returns the contact details that the provider may see: of a running subscription unless it is a grant that waits for
 * a profile of its own, of an ended one while the provider has access to the profile.
 */
export function contactDetailsOf(subscriber: Subscriber, reader: SubscriberReader): ContactDetails {
  const { subscription, profile } = subscriber;
  const is_running = subscription.ends_at > reader.at;
  const is_undisclosed = is_running
    ? subscription.grant_key !== null && profile.invited_email === null
    : !mayOpenFile(subscriber, reader);
  if (is_undisclosed) return undisclosed;
  const { email, phone, street_address, locality, region, postal_code, country } = presentProfileDetail(profile);
  return { email, phone, street_address, locality, region, postal_code, country };
}

/** Makes a row of a list of subscribers. `list_url` is where the pages of the row lead back. */
export function viewSubscriber(
  subscriber: Subscriber,
  reader: SubscriberReader,
  { index, list_url }: { index: number; list_url: (path: string) => string },
): SubscriberRow {
  const { subscription, plan, profile } = subscriber;
  const state = termState(subscription, reader.at);
  const { slug, printable_name, picture } = presentProfileDetail(profile);
  const file = mayOpenFile(subscriber, reader) ? paths.profile(slug) : null;
  const may_change = reader.may_edit && state !== 'ended';
  return {
    id: `row-${index}`,
    name: printable_name,
    picture,
    email: contactDetailsOf(subscriber, reader).email,
    href: file,
    plan: { slug: plan.slug, title: plan.title, href: paths.plan(reader.provider.slug, plan.slug) },
    price: {
      amount: plan.period_amount,
      unit: plan.unit,
      period_type: plan.period_type,
      period_length: plan.period_length,
    },
    state,
    created_at: subscription.created_at,
    ends_at: subscription.ends_at,
    note: subscription.description ?? '',
    accept_key: may_change && state === 'requested' ? subscription.request_key : null,
    actions: [
      ...(file === null ? [] : [linkAction('Open the file', file)]),
      ...(may_change ? changesOf(state, (action) => list_url(addressOf(reader, { slug, plan, state }, action))) : []),
    ],
  };
}

type Change = 'extend' | 'cancel' | 'note';

interface Changed {
  slug: string;
  plan: Plan;
  state: TermState;
}

/** A subscription that runs is stopped on the page of its cancellation, which offers what can be refunded. */
function addressOf(reader: SubscriberReader, of: Changed, change: Change): string {
  if (change === 'cancel' && !isWaiting(of.state)) return paths.stopSubscription(of.slug, of.plan.slug);
  return paths.subscriber(reader.provider.slug, { subscriber: of.slug, plan: of.plan.slug }, change);
}

const cancel_labels = { granted: 'Withdraw the invitation', requested: 'Decline the request' } as const;

/** True while one side has not agreed: nothing runs that could be stopped at the end of its time. */
function isWaiting(state: TermState): state is 'granted' | 'requested' {
  return state === 'granted' || state === 'requested';
}

function changesOf(state: TermState, address: (change: Change) => string): RowAction[] {
  const label = isWaiting(state) ? cancel_labels[state] : 'Stop the subscription';
  return [
    ...(state === 'requested' ? [] : [linkAction('Extend', address('extend'))]),
    linkAction('Write a note', address('note')),
    linkAction(label, address('cancel'), { is_danger: true }),
  ];
}
