/**
 * Subject of an entry: a thing of another room, or a part of it. Balances due are kept by subject.
 *
 * The ledger compares subjects and presents them; it does not read ids or parts. The room that owns the thing chooses
 * them.
 */
export interface LedgerSubject {
  /** Kind of the thing as exports abbreviate it: `sub`, `cha`, `cpn`. */
  kind: string;
  /** Id of the thing in its room. */
  id: string;
  /** Part with a balance of its own. Empty: the thing itself. Null: the kind has no parts. */
  part: string | null;
}

/** The columns that hold a subject; all null when the row has no subject. */
export interface SubjectColumns {
  subject_kind: string | null;
  subject_id: string | null;
  subject_part: string | null;
}

export function toSubjectColumns(subject: LedgerSubject | null): SubjectColumns {
  return {
    subject_kind: subject?.kind ?? null,
    subject_id: subject?.id ?? null,
    subject_part: subject?.part ?? null,
  };
}

export function fromSubjectColumns({ subject_kind, subject_id, subject_part }: SubjectColumns): LedgerSubject | null {
  if (subject_kind === null || subject_id === null) return null;
  return { kind: subject_kind, id: subject_id, part: subject_part };
}

/**
 * Presents a subject as `event_id` of exports: `sub_12/`, `sub_12/requests/`, `cpn_0af3`. Different subjects differ.
 */
export function subjectText({ kind, id, part }: LedgerSubject): string {
  const thing = `${kind}_${id}`;
  if (part === null) return thing;
  return part === '' ? `${thing}/` : `${thing}/${part}/`;
}

export function isSameSubject(a: LedgerSubject, b: LedgerSubject): boolean {
  return a.kind === b.kind && a.id === b.id && a.part === b.part;
}

/** True if the texts of subjects stay unambiguous: no `_` in the kind, no `/` in id or part, lengths of the columns. */
export function isWellFormed({ kind, id, part }: LedgerSubject): boolean {
  return /^[a-z]{1,20}$/.test(kind) && /^[^/]{1,100}$/.test(id) && (part === null || /^[^/]{0,100}$/.test(part));
}
