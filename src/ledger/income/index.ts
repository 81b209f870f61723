export {
  type ConvertedPayments,
  findConvertedPayments,
  findSubjectIncomes,
  lockSubjects,
  type SubjectIncome,
  subjectPostings,
  subjectSumColumns,
} from './subject-income-store.ts';
export { findUnpaidIncome, type UnpaidIncome } from './unpaid-income-store.ts';
