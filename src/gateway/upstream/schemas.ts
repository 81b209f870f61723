import { type Static, Type } from 'typebox';
import { NullableString } from '#platform/http/schemas';
import { authentication } from '../schemas.ts';

const session_backend = Type.Integer({
  minimum: 0,
  maximum: 2,
  description: 'How the session is sent: 0 not at all, 1 as an encrypted cookie, 2 as a signed token',
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
