export { StateFile } from './state-file.ts';
