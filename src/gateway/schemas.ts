import { Type } from 'typebox';

export const authentication = Type.Enum(['enabled', 'login-only', 'disabled'], {
  description: 'Who may sign in: people may register, only known people, only managers of the site',
});
