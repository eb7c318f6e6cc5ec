/**
 * An upstream that takes 10 s for each answer for half a minute, and 200 callers who never stop calling. Prints the
 * figures, and ends with 1 if one of them is wrong.
 *
 *   npm run chaos:brown-out
 */
import { problemsOf } from './brown-out-verdict.ts';
import { type BrownOut, type BrownOutFigures, runBrownOut } from './brown-out.ts';

const long: BrownOut = {
  callers: 200,
  latencyMs: 10_000,
  slowForMs: 30_000,
  slowMs: 2000,
  windowMs: 10_000,
  openMs: 5000,
  pauseMs: 250,
};

const releases: (() => Promise<void>)[] = [];
let figures: BrownOutFigures;
try {
  figures = await runBrownOut({ after: (release) => releases.push(release) }, long);
} finally {
  for (const release of releases.toReversed()) await release();
}
console.log(JSON.stringify(figures, null, 2));
const problems = problemsOf(figures, long);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
