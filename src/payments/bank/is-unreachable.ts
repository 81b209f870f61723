import { Problem } from '#kernel/problem';
import { paymentsProblems } from '../problems.ts';

/** True if the payment processor did not respond. */
export function isUnreachable(error: unknown): error is Problem {
  const { processor_unreachable, processor_setup } = paymentsProblems;
  return error instanceof Problem && [processor_unreachable.code, processor_setup.code].includes(error.code);
}
