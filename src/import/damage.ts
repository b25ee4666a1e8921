/** One record that cannot be read; the others can. */
export interface Damage {
  /** Which one, as the owner finds it: the file or table, and the record in it. */
  readonly record: string;
  readonly problem: string;
}

/** Something of a record that can be read is not taken over. */
export interface LeftOut {
  readonly deviceId: string;
  readonly reason: string;
}
