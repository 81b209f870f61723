import { type FormProblem, problemToForm } from '#platform/http/forms';
import { accountsProblems } from '../problems.ts';

/** Shows a missing secret at its field: the form says where to enter it. */
export function readSecretProblem(error: unknown): FormProblem {
  const problem = problemToForm(error);
  if (problem.code !== accountsProblems.secret_required.code || Object.keys(problem.errors).length > 0) return problem;
  return { ...problem, errors: { password: ['Enter your present password.'] } };
}
