export { salesReportsJob } from './jobs.ts';
