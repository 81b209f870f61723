import { Type } from 'typebox';
import { IsoInstant, NullableString, PageOf, SlugParam } from '#platform/http/schemas';

export const KeySchema = Type.Object(
  { enc_key: Type.String({ description: 'Shown this once' }) },
  { title: 'ProxyKey' },
);

export const UserParams = Type.Object({ user: SlugParam });
export const ForwardedSessionSchema = Type.Object(
  {
    forward_session: Type.String({ description: 'The session as JSON' }),
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
      subscriptions: Type.Array(
        Type.Object({
          plan: Type.String(),
          ends_at: IsoInstant,
          past_due: Type.Optional(
            Type.Literal(true, {
              description: 'Only while the charge of the payer has failed and access is kept',
            }),
          ),
        }),
      ),
    },
    { title: 'SessionProfile' },
  ),
);
