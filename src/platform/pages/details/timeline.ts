import { type Static, Type } from 'typebox';
import { IsoInstant, NullableInstant, NullableString } from '../../http/schemas.ts';
import { ShownMoney } from './fact.ts';

/** A piece of the sentence of an event: text, a link, bold text or an amount. */
const TimelinePart = Type.Union([
  Type.Object({ text: Type.String(), href: Type.Optional(Type.String()), strong: Type.Optional(Type.Boolean()) }),
  Type.Object({ money: ShownMoney }),
]);

const TimelineEvent = Type.Object({
  /** Symbol of `img/icons.svg`. */
  icon: Type.String(),
  tone: Type.Union([Type.Literal('good'), Type.Literal('bad'), Type.Literal('info'), Type.Literal('neutral')]),
  parts: Type.Array(TimelinePart),
  /** Who did it; null for the site. */
  actor: NullableString,
  at: IsoInstant,
});
export type TimelineEvent = Static<typeof TimelineEvent>;

/** Data of `_timeline.html`. */
export const Timeline = Type.Object({
  /** Newest first. */
  events: Type.Array(TimelineEvent),
  /** What happens next without an action of the reader: "Tries again on" with its instant; null after the end. */
  next: Type.Union([Type.Object({ text: Type.String(), at: NullableInstant }), Type.Null()]),
});
export type Timeline = Static<typeof Timeline>;

/** Orders events newest first; events of the same instant keep their reversed order. */
export function presentTimeline(events: readonly TimelineEvent[], next: Timeline['next']): Timeline {
  return { events: events.toReversed().toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at)), next };
}
