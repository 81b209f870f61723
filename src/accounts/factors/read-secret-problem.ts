import { type FormProblem, problemToForm } from '#platform/http/forms';
import { accountsProblems } from '../problems.ts';

/** Converts an error to the problem of a form; a missing secret is shown at the password field. */
export function readSecretProblem(error: unknown): FormProblem {
  const problem = problemToForm(error);
  if (problem.code !== accountsProblems.secret_required.code || Object.keys(problem.errors).length > 0) return problem;
  return { ...problem, errors: { password: ['Enter your current password.'] } };
}
