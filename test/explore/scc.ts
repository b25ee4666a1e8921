/** Strongly connected components of a graph that is kept in flat lists (Tarjan, without recursion). */
export interface Graph {
  /** The explored state of each node. */
  readonly state: number[];
  /** Which labels of its own a node can take, as bits; also those that lead out of the graph. */
  readonly enabled: number[];
  /** Where a node's edges begin; one more entry than nodes. */
  readonly first: number[];
  readonly to: number[];
  readonly label: number[];
}

export interface Components {
  /** The last ones first: an edge between two leads to an earlier one of this list. */
  readonly components: readonly (readonly number[])[];
  /** The component of each node. */
  readonly order: Int32Array;
}

export function componentsOf({ first, to, state }: Graph): Components {
  const size = state.length;
  const found = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const order = new Int32Array(size).fill(-1);
  const edge = Int32Array.from(first);
  const components: number[][] = [];
  const stack: number[] = [];
  const path: number[] = [];
  let count = 0;

  const enter = (node: number): void => {
    found[node] = low[node] = count++;
    stack.push(node);
    path.push(node);
  };
  const leave = (node: number): void => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
    if (low[node] !== found[node]) return;
    const component = stack.splice(stack.lastIndexOf(node));
    for (const one of component) order[one] = components.length;
    components.push(component);
  };

  for (let root = 0; root < size; root++) {
    if (found[root] !== -1) continue;
    enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const at = edge[node] as number;
      if (at === (first[node + 1] as number)) {
        leave(node);
        continue;
      }
      edge[node] = at + 1;
      const next = to[at] as number;
      if (found[next] === -1) enter(next);
      else if (order[next] === -1) low[node] = Math.min(low[node] as number, found[next] as number);
    }
  }
  return { components, order };
}
