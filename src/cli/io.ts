/** Everything a verb touches of the process it runs in, so that tests are the process. */
export interface Io {
  /** Writes to stdout; the text ends its own lines. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Width of the terminal, in cells. */
  readonly columns: number;
  /** Stdout is one: a person reads what is printed, and nothing keeps it. */
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Who the history says decided. */
  readonly user: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Aborts at the first Ctrl-C or SIGTERM; asking for it means that the verb ends itself then. */
  readonly interrupted: () => AbortSignal;
  /** Calls `reload` at each SIGHUP, from now on. */
  readonly onHangup: (reload: () => void) => void;
  /** How this program is started from where the person is, for commands that are there to be copied. */
  readonly program: string;
}
