import { defineProblems } from '#kernel/problem';

export const formProblems = defineProblems({
  edit_conflict: {
    status: 409,
    title: 'This was changed by another user while you edited it. Nothing was saved.',
    help: 'Compare the changes, then save yours over them or discard them.',
  },
});
