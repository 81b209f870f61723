import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { changePreferences, getPreferences } from './change-preferences.ts';

const Preferences = Type.Object({
  notifications: Type.Array(Type.String({ maxLength: 100 }), {
    maxItems: 200,
    description: 'Events that the user is notified of by e-mail',
  }),
});

const UserParams = Type.Object({ user: Type.String({ maxLength: 150 }) });

export function notificationRoutes(app: App): void {
  app.get(
    '/api/users/:user/notifications',
    {
      config: { access: { kind: 'self', frictionless: true } },
      schema: {
        tags: ['users'],
        summary: 'Lists the events that a user is notified of by e-mail',
        description: 'Lists the events of which the user is notified by e-mail.',
        params: UserParams,
        response: { 200: Preferences },
      },
    },
    async (request) => ({ notifications: await getPreferences(request.ctx, request.params.user) }),
  );

  putAndPatch(
    app,
    '/api/users/:user/notifications',
    {
      config: { access: { kind: 'self', frictionless: true } },
      schema: {
        tags: ['users'],
        summary: 'Sets the events that a user is notified of by e-mail',
        description:
          'Sets the events of which the user is notified by e-mail; events that are left out are switched off. ' +
          'Security notices are always sent.',
        params: UserParams,
        body: Preferences,
        response: { 200: Preferences },
      },
    },
    async (request) => {
      const { user } = request.params;
      const kept = request.body.notifications;
      return {
        notifications:
          kept === undefined
            ? await getPreferences(request.ctx, user)
            : await changePreferences(request.ctx, user, kept),
      };
    },
  );
}
