/** A measured figure, as `npm run bench -- --json FILE` writes it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure should be at most; null where nobody has set a goal. */
  readonly goal: number | null;
  /** Published figures of others, by their source, in the same unit. */
  readonly peers: Readonly<Record<string, number>>;
  readonly conditions: string;
}

/** Says on stderr how far it is, and returns what it measured. */
export type Benchmark = (say: (line: string) => void) => Promise<Figure[]>;
