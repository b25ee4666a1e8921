/** Every small mistake that could be made in a machine's table, one at a time. */
/** A machine's configuration as it is written, as far as a mutant looks at it. */
export interface StateConfig {
  readonly states?: Readonly<Record<string, StateConfig>>;
  readonly on?: Readonly<Record<string, RowConfig | readonly RowConfig[]>>;
}

interface RowConfig {
  readonly guard?: unknown;
  readonly target?: string;
  readonly actions?: ActionConfig | readonly ActionConfig[];
}

type ActionConfig = string | { readonly type: string };

/** One row of the table and what is done to it. */
interface Mistake {
  /** For example `approved record.read#1: guard covered is true`. */
  readonly name: string;
  readonly kind: 'guard' | 'target' | 'effect' | 'assignment';
  /** Null takes the row out: a guard that never holds. */
  change(row: RowConfig): RowConfig | null;
}

export interface MachineMutant extends Omit<Mistake, 'change'> {
  /** The whole configuration with the one mistake in it. */
  readonly config: StateConfig;
}

const nameOf = (action: ActionConfig): string => (typeof action === 'string' ? action : action.type);

function labelOf(action: ActionConfig): string {
  if (typeof action === 'string' || !('params' in action)) return nameOf(action);
  const { params } = action;
  return typeof params === 'object' ? `${action.type} ${wordsOf(params)}` : action.type;
}

/** The texts of what an effect is given: `request.settled superseded`. */
function wordsOf(params: unknown): string {
  if (typeof params === 'string') return params;
  if (typeof params !== 'object' || params === null) return '';
  return Object.values(params).map(wordsOf).filter(Boolean).join(' ');
}

function listOf<T>(one: T | readonly T[] | undefined): readonly T[] {
  if (one === undefined) return [];
  return Array.isArray(one) ? one : [one as T];
}

/** `effects`: the actions that the runtime carries out; every other one assigns to the context. */
function mistakesOf(
  row: RowConfig,
  siblings: readonly string[],
  effects: ReadonlySet<string>,
): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const { guard, target } = row;
  if (guard !== undefined) {
    const name = nameOf(guard as ActionConfig);
    mistakes.push({ name: `guard ${name} is true`, kind: 'guard', change: ({ guard: _, ...rest }) => rest });
    mistakes.push({ name: `guard ${name} is false`, kind: 'guard', change: () => null });
  }
  if (target !== undefined) {
    const place = siblings.indexOf(target.replace(/^#\w+\./, ''));
    const other = siblings[(place + 1) % siblings.length] as string;
    const moved = target.startsWith('#') ? target.replace(/\.[\w.]+$/, `.${other}`) : `#ROOT.${other}`;
    mistakes.push({
      name: `to ${other}, not ${target}`,
      kind: 'target',
      change: (from) => ({ ...from, target: moved }),
    });
  }
  const actions = listOf(row.actions);
  actions.forEach((action, index) => {
    const kind = effects.has(nameOf(action)) ? 'effect' : 'assignment';
    const without = actions.filter((_, other) => other !== index);
    const label = labelOf(action);
    mistakes.push({ name: `without ${label}`, kind, change: (from) => ({ ...from, actions: without }) });
    if (kind === 'effect') {
      const twice = actions.flatMap((each, other) => (other === index ? [each, each] : [each]));
      mistakes.push({ name: `${label} twice`, kind, change: (from) => ({ ...from, actions: twice }) });
    }
  });
  return mistakes;
}

/** Where a state lies, from the root: `['upgradePending', 'held']`. */
type Path = readonly string[];

function statesOf(config: StateConfig, path: Path = []): readonly (readonly [Path, StateConfig])[] {
  const inner = Object.entries(config.states ?? {}).flatMap(([name, state]) =>
    statesOf(state, [...path, name]),
  );
  return [[path, config], ...inner];
}

/** The states that a transition can lead to: those without states of their own. */
function leavesOf(config: StateConfig): readonly string[] {
  return statesOf(config)
    .filter(([path, state]) => path.length > 0 && !state.states)
    .map(([path]) => path.join('.'));
}

function withRows(config: StateConfig, path: Path, event: string, rows: readonly RowConfig[]): StateConfig {
  const [name, ...rest] = path;
  if (name === undefined) return { ...config, on: { ...config.on, [event]: rows } };
  const inner = config.states?.[name] as StateConfig;
  return { ...config, states: { ...config.states, [name]: withRows(inner, rest, event, rows) } };
}

/** All mutants of a machine. `machine` is anything that was made by `createMachine`. */
export function mutantsOf(
  machine: { readonly id: string; readonly config: unknown },
  effects: ReadonlySet<string>,
): readonly MachineMutant[] {
  const config = machine.config as StateConfig;
  const leaves = leavesOf(config);
  return statesOf(config).flatMap(([path, state]) =>
    Object.entries(state.on ?? {}).flatMap(([event, entry]) => {
      const rows = listOf(entry);
      return rows.flatMap((row, index) =>
        mistakesOf(row, leaves, effects).map(({ name, kind, change }) => {
          const changed = change(row);
          if (changed?.target)
            Object.assign(changed, { target: changed.target.replace('#ROOT', `#${machine.id}`) });
          const mutated = rows.flatMap((each, other) =>
            other === index ? listOf(changed ?? undefined) : [each],
          );
          return {
            name: `${machine.id} ${path.join('.')} ${event}#${index + 1}: ${name}`,
            kind,
            config: withRows(config, path, event, mutated),
          };
        }),
      );
    }),
  );
}
