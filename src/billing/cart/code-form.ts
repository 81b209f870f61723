import type { FastifyRequest } from 'fastify';
import { type FormProblem, textField } from '#platform/http/forms';
import { billingProblems } from '../problems.ts';

/** Reads the code of a form; undefined when the field is empty. */
export function readCode(request: FastifyRequest): string | undefined {
  return textField(request.body, 'code', 200) || undefined;
}

/** Moves the refusal of a discount code from the head of the form to the code field. */
export function placeAtCodeField(problem: FormProblem): FormProblem {
  if (problem.code !== billingProblems.coupon_useless.code) return problem;
  return { ...problem, detail: '', errors: { code: [problem.detail] } };
}
