import { defineProblems } from '#kernel/problem';

export const metricsProblems = defineProblems({
  balance_line_unknown: { status: 404, title: 'The report has no line with this rank.' },
});
