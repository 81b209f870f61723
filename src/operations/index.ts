export { makeOperations } from './operations.ts';
