import { Type } from 'typebox';

const Flag = Type.Union([Type.Boolean(), Type.String({ maxLength: 10 })]);
const Code = Type.Union([Type.Integer(), Type.String({ maxLength: 10 })]);

/** Further members are read if they are named after an agreement or start with `user_`, `organization_` or `role_`. */
export const RegisterBody = Type.Object(
  {
    full_name: Type.String({ minLength: 1, maxLength: 100 }),
    email: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
    phone: Type.Optional(Type.Union([Type.String({ maxLength: 50 }), Type.Null()])),
    username: Type.Optional(Type.String({ maxLength: 150 })),
    slug: Type.Optional(Type.String({ maxLength: 150, description: 'The same as username' })),
    nick_name: Type.Optional(Type.String({ maxLength: 60 })),
    lang: Type.Optional(Type.String({ maxLength: 8 })),
    new_password: Type.Optional(
      Type.String({ maxLength: 1024, description: 'Without it, the user sets a password with the link of an e-mail' }),
    ),
    password: Type.Optional(Type.String({ maxLength: 1024, description: 'The same as new_password' })),
    email_code: Type.Optional(Code),
    phone_code: Type.Optional(Code),
    organization_name: Type.Optional(Type.String({ maxLength: 100 })),
    street_address: Type.Optional(Type.String({ maxLength: 150 })),
    locality: Type.Optional(Type.String({ maxLength: 50 })),
    region: Type.Optional(Type.String({ maxLength: 50 })),
    postal_code: Type.Optional(Type.String({ maxLength: 50 })),
    country: Type.Optional(Type.String({ maxLength: 2 })),
    type: Type.Optional(Type.Enum(['unknown', 'user', 'personal', 'organization'])),
    'terms-of-use': Type.Optional(Flag),
    security: Type.Optional(Flag),
  },
  { additionalProperties: true },
);
