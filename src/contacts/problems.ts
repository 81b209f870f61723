import { defineProblems } from '#kernel/problem';

export const contactProblems = defineProblems({
  contact_unknown: { status: 404, title: 'There is nobody on record under this name.' },
});
