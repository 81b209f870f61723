import { defineProblems } from '#kernel/problem';

export const metricsProblems = defineProblems({
  balance_line_unknown: { status: 404, title: 'There is no line of this rank in the report.' },
});
