import type { ExampleCall } from '../record-examples.ts';

export const gatewayCalls: readonly ExampleCall[] = [
  { operation: 'GET /api/proxy' },
  { operation: 'PUT /api/proxy', body: { entry_point: 'http://127.0.0.1:8001/', session_backend: 2 } },
  { operation: 'POST /api/proxy/key' },
  { operation: 'GET /api/proxy/sessions/{user}', path: { user: 'xia' } },
  { operation: 'GET /api/proxy/session/profiles', as: 'xia' },
  { operation: 'GET /api/proxy/rules' },
  {
    operation: 'POST /api/proxy/rules',
    body: {
      rank: 1,
      path: '/app/{profile}/billing/',
      allow: '15/{"plan": "basic"}',
      is_forward: true,
      engaged: 'billing',
    },
  },
  { operation: 'PATCH /api/proxy/rules', body: { updates: [{ oldpos: 1, newpos: 2 }] } },
  { operation: 'GET /api/proxy/rules/{*}', path: { '*': 'app/{profile}/billing/' } },
  {
    operation: 'PUT /api/proxy/rules/{*}',
    path: { '*': 'app/{profile}/billing/' },
    body: { allow: '1', is_forward: true },
  },
  { operation: 'DELETE /api/proxy/rules/{*}', path: { '*': 'app/{profile}/billing/' } },
  { operation: 'GET /api/proxy/engagement' },
  { operation: 'GET /api/proxy/engagement/users' },
  { operation: 'GET /api/proxy/recent' },
];
