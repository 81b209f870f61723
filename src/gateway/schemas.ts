import { Type } from 'typebox';

export const authentication = Type.Enum(['enabled', 'login-only', 'disabled'], {
  description:
    'Who may sign in: enabled: everyone, with registration; login-only: existing users; disabled: managers of the site',
});
