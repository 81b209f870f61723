import { type Static, Type } from 'typebox';
import { ProfileDetailSchema, ProfileSummarySchema } from '#profiles';
import { PageOf } from '#platform/http/schemas';
import { subscriptionFields } from '../schemas.ts';

/** View of the provider of the plan, with the contact details of the subscriber. */
export const ActiveSubscriberSchema = Type.Object({ ...subscriptionFields, profile: ProfileDetailSchema });
export type ActiveSubscriberReply = Static<typeof ActiveSubscriberSchema>;

export const ActiveSubscriberPage = PageOf(ActiveSubscriberSchema);
export const ProfilePage = PageOf(ProfileSummarySchema);
