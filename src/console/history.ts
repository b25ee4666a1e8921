import type { Role } from './book.ts';

/** One line of a device's history. */
export interface HistoryEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  readonly role: Role | null;
  readonly detail: {
    readonly by?: string | null;
    readonly address?: string | null;
    readonly client?: string | null;
    readonly request?: string | null;
    readonly outcome?: string | null;
    readonly note?: string;
    readonly stateFrom?: string;
    readonly stateTo?: string;
    readonly scopesTo?: readonly string[];
  };
}

export interface Step {
  readonly from: string;
  readonly to: string;
}

/** The states that one role went through, oldest first. A step that wrote several events is one step. */
export function pathOf(events: readonly HistoryEvent[], role: Role): readonly Step[] {
  const steps: Step[] = [];
  for (const event of events) {
    const { stateFrom: from, stateTo: to } = event.detail;
    if (event.role !== role || !from || !to || from === to) continue;
    const last = steps.at(-1);
    if (last?.from !== from || last.to !== to) steps.push({ from, to });
  }
  return steps;
}
