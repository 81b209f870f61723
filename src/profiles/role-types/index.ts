export { presentRoleType } from './present-role-type.ts';
export { roleTypeRoutes } from './routes.ts';
export { RoleTypeParams, RoleTypeSchema } from './schemas.ts';
