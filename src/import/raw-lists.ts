/** The records of a source, not judged yet: each with the name under which its owner finds it. */
export interface RawEntry {
  readonly name: string;
  /** The id under which it is filed; null in a list. */
  readonly key: string | null;
  readonly value: unknown;
}

export interface RawLists {
  /** For the history, such as `OpenClaw devices/paired.json`. */
  readonly source: string;
  readonly paired: readonly RawEntry[];
  readonly pending: readonly RawEntry[];
  /** What cannot even be taken apart into records. */
  readonly damage: readonly { readonly record: string; readonly problem: string }[];
}
