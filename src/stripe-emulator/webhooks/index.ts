export { Dispatcher, type Attempt } from './dispatcher.ts';
export { signatureHeader } from './sign.ts';
