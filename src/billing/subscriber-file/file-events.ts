import type { TimelineEvent } from '#platform/pages/details/timeline';
import type { UnpaidSale } from '#payments';
import type { HeldPause, Subscription, SubscriberNote } from '#subscriptions';
import type { DunningSpan } from './dunning-event-store.ts';

/** Characters of a note in the timeline; the page of the notes shows all of them. */
const NOTE_LENGTH_MAX = 500;

const plain = (icon: string, tone: TimelineEvent['tone'], text: string, at: Date): TimelineEvent => ({
  icon,
  tone,
  parts: [{ text }],
  actor: null,
  at: at.toISOString(),
});

/** Returns the event of a note. Pure. */
export function noteEvent({ text, author_full_name, author_username, created_at }: SubscriberNote): TimelineEvent {
  const shown = text.length > NOTE_LENGTH_MAX ? `${text.slice(0, NOTE_LENGTH_MAX).toWellFormed()}…` : text;
  return { ...plain('note', 'neutral', shown, created_at), actor: author_full_name || author_username };
}

/** Returns the event of a charge that failed, is disputed, or whose dispute was lost. Pure. */
export function unpaidEvent({ state, was_paid, amount, unit, created_at }: UnpaidSale): TimelineEvent {
  const text = state === 'disputed' ? ' is disputed' : was_paid ? ' was charged back' : ' was not paid';
  return {
    ...plain(state === 'failed' ? 'x' : 'alert', 'bad', '', created_at),
    parts: [{ text: 'A charge of ' }, { money: { amount, unit } }, { text }],
  };
}

const closings: Readonly<Record<string, readonly [string, TimelineEvent['tone'], string]>> = {
  recovered: ['check', 'good', 'What was due was paid'],
  ended: ['dash', 'bad', 'The subscription ended because the renewal was not paid'],
  closed: ['dash', 'neutral', 'The failed payment was closed'],
};

/** Returns when the payment of a renewal failed, and how that closed. Pure. */
export function dunningEvents({ began_at, closed_at, state }: DunningSpan): TimelineEvent[] {
  const began = plain('alert', 'bad', 'The payment of a renewal failed', began_at);
  const [icon, tone, text] = closings[state] ?? [];
  if (closed_at === null || icon === undefined || tone === undefined || text === undefined) return [began];
  return [began, plain(icon, tone, text, closed_at)];
}

/** Returns when the time of a subscription stopped and when it ran on. Pure. */
export function pauseEvents({ kind, starts_at, resumed_at }: HeldPause, title: string): TimelineEvent[] {
  const about = (icon: string, text: string, at: Date): TimelineEvent => ({
    ...plain(icon, 'info', text, at),
    parts: [{ text }, { text: title, strong: true }],
  });
  const began = about('clock', kind === 'pause' ? 'Paused ' : 'Suspended until it is paid: ', starts_at);
  return resumed_at === null ? [began] : [began, about('check', 'No longer stopped: ', resumed_at)];
}

/** Returns what happened to a subscription: its start or change, its cancellation and its end. Pure. */
export function subscriptionEvents(
  subscription: Subscription,
  title: string,
  { is_ended, was_replaced }: { is_ended: boolean; was_replaced: boolean },
): TimelineEvent[] {
  const { created_at, ends_at, cancelled_at, replaces_id } = subscription;
  const about = (icon: string, text: string, at: Date): TimelineEvent => ({
    ...plain(icon, 'info', text, at),
    parts: [{ text }, { text: title, strong: true }],
  });
  return [
    about('plus', replaces_id === null ? 'Subscribed to ' : 'Changed to ', created_at),
    ...(cancelled_at === null || was_replaced ? [] : [about('x', 'Cancelled ', cancelled_at)]),
    ...(is_ended && !was_replaced ? [about('dash', 'The end of ', ends_at)] : []),
  ];
}
