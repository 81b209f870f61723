export { listMembersSeen, memberSeenList, type Seen, selectProfilesSeen } from './member-seen-store.ts';
export { memberPageTypes } from './page-types.ts';
export { memberPages } from './pages.ts';
export { presentMembersSeen } from './present-member-seen.ts';
export { removeMemberPages } from './remove-member-pages.ts';
export { memberRoutes } from './routes.ts';
export { MemberSeenSchema } from './schemas.ts';
