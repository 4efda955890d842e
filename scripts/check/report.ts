/** Prints what a check found, and fails the process if that is anything. */
export function report(problems: readonly string[], summary: string): void {
  for (const problem of problems) console.error(problem);
  console.log(`${summary}: ${problems.length === 0 ? "nothing to object to" : `${problems.length} problem(s)`}`);
  if (problems.length > 0) process.exitCode = 1;
}
