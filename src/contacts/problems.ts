import { defineProblems } from '#kernel/problem';

export const contactProblems = defineProblems({
  contact_unknown: { status: 404, title: 'Contact not found.' },
});
