/** A line that breaks a rule. `line` counts from 1; 0 stands for the whole file. */
export interface Offence {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}
