import { type FormProblem, problemToForm } from '#platform/http/forms';
import { accountsProblems } from '../problems.ts';

/** Converts an error to the problem of a form; a missing secret is shown at the password field. */
export function readSecretProblem(error: unknown): FormProblem {
  const problem = problemToForm(error);
  if (problem.code !== accountsProblems.secret_required.code || Object.keys(problem.errors).length > 0) return problem;
  return { ...problem, errors: { password: ['Enter your current password.'] } };
}

/** Status of a page with a form: 400 instead of 401 for a missing or wrong secret or code. */
export function formStatus(problem: FormProblem | null): number {
  if (problem === null) return 200;
  return problem.status === 401 ? 400 : problem.status;
}
