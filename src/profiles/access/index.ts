export { type AccessSources, makeDecideAccess, type ProviderLink } from './decide-access.ts';
