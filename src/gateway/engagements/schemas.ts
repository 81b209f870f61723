import { Type } from 'typebox';
import { IsoInstant, PageOf } from '#platform/http/schemas';
import { authentication } from '../schemas.ts';

export const EngagementQuery = Type.Object({ timezone: Type.Optional(Type.String({ maxLength: 100 })) });
export const EngagementSchema = Type.Object(
  {
    engagements: Type.Array(
      Type.Object({ slug: Type.String(), count: Type.Integer({ description: 'Users with this tag' }) }),
    ),
    active_users: Type.Integer({ description: 'Users who last signed in yesterday' }),
    authentication,
  },
  { title: 'Engagement' },
);
export const EngagedUserPage = PageOf(
  Type.Object({ username: Type.String(), engagements: Type.Array(Type.String()) }, { title: 'EngagedUser' }),
);

export const RecentPage = PageOf(
  Type.Object(
    {
      slug: Type.String(),
      printable_name: Type.String(),
      descr: Type.String(),
      created_at: IsoInstant,
      type: Type.String(),
    },
    { title: 'RecentActivity' },
  ),
);
