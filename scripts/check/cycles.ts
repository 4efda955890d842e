/** Each file with the files it imports. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** One cycle for every import that closes one, in depth-first order: `a -> b -> a`. */
export function findCycles(graph: Graph): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];

  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file].join(" -> "));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };

  for (const file of graph.keys()) visit(file);
  return cycles;
}
