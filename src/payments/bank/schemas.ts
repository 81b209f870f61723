import { Type } from 'typebox';

/** Longest key of a processor that is read. */
export const KEY_LENGTH_MAX = 255;

export const ProcessorKeysSchema = Type.Object(
  {
    secret_key: Type.String({ description: 'Prefix and last four characters' }),
    publishable_key: Type.String({ description: 'Prefix and last four characters' }),
    set_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'Instant since which they replace those of the settings; null for those of the settings',
    }),
  },
  { title: 'ProcessorKeys' },
);

export const NewKeysBody = Type.Object({
  secret_key: Type.String({ maxLength: KEY_LENGTH_MAX, description: 'Secret or restricted key; it is never returned' }),
  publishable_key: Type.Optional(
    Type.String({ maxLength: KEY_LENGTH_MAX, description: 'Of the same account; the one in use when absent' }),
  ),
  is_other_account: Type.Optional(
    Type.Boolean({ description: 'Accepts keys of another account than payments were made on so far' }),
  ),
});
