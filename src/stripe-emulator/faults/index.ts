export { FaultBook, parseFault, type FaultRule, type FaultTarget } from './fault-book.ts';
