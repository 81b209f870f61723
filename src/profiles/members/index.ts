export { listMembersSeen, memberSeenList, presentMembersSeen, type Seen, selectProfilesSeen } from './members-seen.ts';
export { memberPages } from './pages.ts';
export { memberRoutes } from './routes.ts';
export { MemberSeenSchema } from './schemas.ts';
