import { type Static, Type } from 'typebox';
import { IsoInstant, NullableString, PageOf, SlugParam } from '#platform/http/schemas';

const authentication = Type.Enum(['enabled', 'login-only', 'disabled'], {
  description: 'Who may sign in: people may register, only known people, only managers of the site',
});
const session_backend = Type.Integer({
  minimum: 0,
  maximum: 2,
  description: 'How the session travels: 0 not at all, 1 as an encrypted cookie, 2 as a signed token',
});

export const ProxySchema = Type.Object(
  {
    slug: Type.String(),
    entry_point: NullableString,
    session_backend,
    authentication,
    welcome_email: Type.Boolean(),
    cors_restricted: Type.Boolean(),
    detail: Type.Optional(Type.String()),
  },
  { title: 'Proxy' },
);

export const ProxyChangeBody = Type.Object({
  entry_point: Type.Optional(
    Type.Union([Type.String({ maxLength: 2083 }), Type.Null()], {
      description: 'Address of the application; null disconnects it',
    }),
  ),
  session_backend: Type.Optional(session_backend),
  authentication: Type.Optional(authentication),
  welcome_email: Type.Optional(Type.Boolean()),
  cors_restricted: Type.Optional(Type.Boolean()),
});
export type ProxyChange = Static<typeof ProxyChangeBody>;

export const KeySchema = Type.Object(
  { enc_key: Type.String({ description: 'Shown this once' }) },
  { title: 'ProxyKey' },
);

const rank = Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Lower ranks decide first' });
const allow = Type.Union([Type.String({ maxLength: 255 }), Type.Integer()], {
  description: 'An operator number, or `number/{"parameter": value}`',
});
const is_forward = Type.Boolean({ description: 'Whether a granted request goes to the application' });
const engaged = Type.String({ maxLength: 50, description: 'Tags separated by commas' });

export const RuleSchema = Type.Object(
  { rank: Type.Integer(), path: Type.String(), allow: Type.String(), is_forward, engaged },
  { title: 'AccessRule' },
);
export const RulePage = PageOf(RuleSchema);

const rule_path = Type.String({ minLength: 1, maxLength: 255, description: 'Path that requests are matched against' });

export const NewRuleBody = Type.Object({
  rank: Type.Optional(rank),
  path: rule_path,
  allow: Type.Optional(allow),
  is_forward: Type.Optional(is_forward),
  engaged: Type.Optional(engaged),
});
export const RuleChangeBody = Type.Object({
  rank: Type.Optional(rank),
  allow: Type.Optional(allow),
  is_forward: Type.Optional(is_forward),
  engaged: Type.Optional(engaged),
});

const RankMoves = Type.Array(Type.Object({ oldpos: rank, newpos: rank }), { maxItems: 1000 });
const RuleOf2019 = Type.Object({ path: rule_path, ...RuleChangeBody.properties });
export const MoveRulesBody = Type.Union([Type.Object({ updates: RankMoves }), RankMoves, RuleOf2019]);

export const RuleParams = Type.Object({ '*': Type.String({ minLength: 1, maxLength: 300 }) });

export const UserParams = Type.Object({ user: SlugParam });
export const ForwardedSessionSchema = Type.Object(
  {
    forward_session: Type.String({ description: 'What the application is told, as JSON' }),
    forward_session_header: Type.String({ description: 'The header that carries it; managers of the site only' }),
    forward_url: Type.String(),
  },
  { title: 'ForwardedSession' },
);

export const SessionProfilePage = PageOf(
  Type.Object(
    {
      role: Type.String({ description: 'Slug of the role type' }),
      slug: Type.String(),
      printable_name: Type.String(),
      picture: NullableString,
      type: Type.String(),
      credentials: Type.Boolean(),
      created_at: Type.String(),
      email: Type.String(),
      subscriptions: Type.Array(Type.Object({ plan: Type.String(), ends_at: IsoInstant })),
    },
    { title: 'SessionProfile' },
  ),
);

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
